import { convexTest } from "convex-test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorDataOf, type ErrorData } from "../../contract/errors.js";
import { api, internal } from "../../component/_generated/api.js";
import schema from "../../component/schema.js";
import { openCredential } from "../channels/openCredential.js";
import { channelOf } from "../channels/registry.js";
import { openSecret } from "./vault.js";

const modules = import.meta.glob(["/src/component/**/*.ts", "!/src/component/**/*.test.ts"]);
const KEY_A = Buffer.from(Array.from({ length: 32 }, (_, i) => 7 * i + 3)).toString("base64");
const KEY_B = Buffer.from(Array.from({ length: 32 }, (_, i) => 11 * i + 9)).toString("hex");

/** `vi.stubEnv` restores what was there; the component reads its environment only inside handlers. */
function setKeys(current: string | undefined, previous?: string) {
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY", current);
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY_PREVIOUS", previous);
}
beforeEach(() => setKeys(undefined));
afterEach(() => vi.unstubAllEnvs());

const start = () => convexTest({ schema, modules, transactionLimits: true });
type Test = ReturnType<typeof start>;
const put = (t: Test, secretRef: string, plaintextValue: string) =>
  t.mutation(api.lib.importSecret, { secretRef, plaintextValue });
const open = (t: Test, secretRef: string) => t.run(async (ctx) => await openSecret(ctx, secretRef));
const rows = (t: Test) => t.run(async (ctx) => await ctx.db.query("secrets").collect());
const readiness = (t: Test) => t.query(api.lib.secretStoreReadiness, {});

async function refusal(work: Promise<unknown>): Promise<ErrorData> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const data = errorDataOf(error);
  if (!data) throw new Error("expected an error with a code", { cause: error });
  return data;
}

describe("importSecret", () => {
  it("gives versions 1, 2, 3; the newest is active and names the one it replaced", async () => {
    const t = start();
    const first = await put(t, "fly.apiToken", "one");
    const second = await put(t, "fly.apiToken", "two");
    expect([first.version, second.version, (await put(t, "fly.apiToken", "three")).version]).toEqual([
      1, 2, 3,
    ]);
    expect((await put(t, "other", "x")).version).toBe(1);
    const stored = (await rows(t)).filter((row) => row.secretRef === "fly.apiToken");
    expect(stored.map((row) => [row.version, row.active])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(stored.map((row) => row.rotatedFrom)).toEqual([undefined, first.secretId, second.secretId]);
    expect(await open(t, "fly.apiToken")).toBe("three");
  });

  it("keeps the value exactly, and no row holds it in any usual form", async () => {
    const t = start();
    const value = "  123:canary-🔑\n";
    await t.mutation(api.lib.importSecret, {
      secretRef: "a",
      plaintextValue: value,
      metadata: { owner: "ops" },
    });
    expect(await open(t, "a")).toBe(value);
    const [row] = await rows(t);
    expect(row).toMatchObject({ algorithm: "af1", metadata: { owner: "ops" } });
    const bytes = Buffer.concat([
      Buffer.from(row?.encryptedValue ?? new ArrayBuffer(0)),
      Buffer.from(row?.wrappedKey ?? new ArrayBuffer(0)),
    ]);
    expect(bytes.length).toBe(60 + 28 + Buffer.byteLength(value));
    const dump = bytes.toString("latin1") + bytes.toString("hex") + JSON.stringify(row);
    for (const form of ["latin1", "hex", "base64"] as const) {
      expect(dump).not.toContain(Buffer.from("123:canary").toString(form));
    }
  });

  it("accepts 64 KiB of UTF-8 and refuses one byte more, without a trace", async () => {
    const t = start();
    const largest = "é".repeat(32 * 1024);
    await put(t, "big", largest);
    expect(await open(t, "big")).toBe(largest);
    expect(await refusal(put(t, "big", `${largest}x`))).toMatchObject({
      code: "secret_too_large",
      maxBytes: 65_536,
    });
    expect(await rows(t)).toHaveLength(1);
  });

  it.each([
    ["", "v", "secret_ref_invalid"],
    ["with space", "v", "secret_ref_invalid"],
    ["line\nbreak", "v", "secret_ref_invalid"],
    ["x".repeat(201), "v", "secret_ref_invalid"],
    ["ok", "", "secret_empty"],
    ["ok", "half \ud83d", "invalid_argument"],
  ])("refuses ref %j with value %j: %s", async (ref, value, code) => {
    const t = start();
    expect((await refusal(put(t, ref, value))).code).toBe(code);
    expect(await rows(t)).toEqual([]);
    expect(await t.run((ctx) => ctx.db.query("masterKeys").collect())).toEqual([]);
  });

  it("refuses metadata over its limit", async () => {
    const t = start();
    const args = { secretRef: "a", plaintextValue: "v", metadata: { note: "x".repeat(4096) } };
    expect((await refusal(t.mutation(api.lib.importSecret, args))).code).toBe("metadata_too_large");
  });
});

describe("secretStatus", () => {
  it("answers in input order with duplicates, unknown refs included", async () => {
    const t = start();
    await put(t, "a", "1");
    await put(t, "b", "1");
    await put(t, "b", "2");
    expect(await t.query(api.lib.secretStatus, { secretRefs: ["b", "none", "a", "b"] })).toEqual([
      { secretRef: "b", hasActive: true, version: 2 },
      { secretRef: "none", hasActive: false, version: null },
      { secretRef: "a", hasActive: true, version: 1 },
      { secretRef: "b", hasActive: true, version: 2 },
    ]);
  });

  it("refuses more than 100 different refs", async () => {
    const secretRefs = Array.from({ length: 101 }, (_, i) => `r${i}`);
    const data = await refusal(start().query(api.lib.secretStatus, { secretRefs }));
    expect(data).toMatchObject({ code: "invalid_argument", argument: "secretRefs" });
  });
});

describe("master keys", () => {
  it("without a variable one key is generated, once, and used", async () => {
    const t = start();
    await put(t, "a", "1");
    await put(t, "b", "2");
    const keys = await t.run((ctx) => ctx.db.query("masterKeys").collect());
    expect(keys.map((key) => key.key.byteLength)).toEqual([32]);
    expect(new Set((await rows(t)).map((row) => row.keyId))).toEqual(new Set([keys[0]?.keyId]));
    expect([await open(t, "a"), await open(t, "b"), await open(t, "c")]).toEqual(["1", "2", null]);
  });

  it("the variable is used when set, stores no key, and leaves what a generated key sealed readable", async () => {
    const t = start();
    await put(t, "generated", "1");
    setKeys(KEY_A);
    await put(t, "fromEnv", "2");
    expect(await t.run((ctx) => ctx.db.query("masterKeys").collect())).toHaveLength(1);
    expect([await open(t, "generated"), await open(t, "fromEnv")]).toEqual(["1", "2"]);
  });

  it("after a rotation the previous key opens old rows; without it they are refused by name, others work", async () => {
    const t = start();
    setKeys(KEY_A);
    await put(t, "old", "1");
    setKeys(KEY_B, KEY_A);
    await put(t, "new", "2");
    expect([await open(t, "old"), await open(t, "new")]).toEqual(["1", "2"]);
    setKeys(KEY_B);
    const data = await refusal(open(t, "old"));
    expect(data).toMatchObject({ code: "secret_key_unavailable", secretRef: "old", version: 1 });
    expect(await open(t, "new")).toBe("2");
    await put(t, "old", "again");
    expect(await open(t, "old")).toBe("again");
  });

  it.each(["correct horse battery staple", "AAAA", KEY_B.slice(2), `${KEY_A}AAAA`])(
    "%j is refused with the remedy and without the value; nothing is stored",
    async (bad) => {
      const t = start();
      await put(t, "before", "1");
      setKeys(bad);
      const data = await refusal(put(t, "a", "v"));
      expect(data).toMatchObject({ code: "master_key_invalid", variable: "AGENT_FACTORY_MASTER_KEY" });
      expect(data.message).toContain("openssl rand -base64 32");
      expect(JSON.stringify(data)).not.toContain(bad);
      expect(data.message).toMatch(/neither base64|holds (2|31|35) bytes instead of 32/);
      expect(await rows(t)).toHaveLength(1);
      expect(await open(t, "before")).toBe("1");
    },
  );

  it("an altered row, and a row moved to another ref or version, are refused", async () => {
    const t = start();
    setKeys(KEY_A);
    const { secretId } = await put(t, "a", "one");
    await put(t, "b", "two");
    const patch = (change: { secretRef?: string; version?: number; encryptedValue?: ArrayBuffer }) =>
      t.run(async (ctx) => {
        const id = ctx.db.normalizeId("secrets", secretId);
        if (id) await ctx.db.patch(id, change);
      });
    await patch({ version: 2 });
    expect((await refusal(open(t, "a"))).code).toBe("secret_damaged");
    await patch({ version: 1, secretRef: "c" });
    expect((await refusal(open(t, "c"))).code).toBe("secret_damaged");
    await patch({ secretRef: "a" });
    expect(await open(t, "a")).toBe("one");
    const other = (await rows(t)).find((row) => row.secretRef === "b");
    await patch({ encryptedValue: other?.encryptedValue ?? new ArrayBuffer(0) });
    const data = await refusal(open(t, "a"));
    expect(data.code).toBe("secret_damaged");
    expect(JSON.stringify(data)).not.toMatch(/one|two/);
  });
});

describe("reading out", () => {
  it("a channel's credential is the first ref of the profile that is one and has a value", async () => {
    const t = start();
    const token = (secretsRef: string[]) =>
      t.run(async (ctx) => await openCredential(ctx, { secretsRef }, channelOf("telegram")));
    await put(t, "telegram.botToken.b", "token-b");
    await put(t, "telegram.botToken", "token-global");
    await put(t, "telegram.botTokenX", "not a token");
    expect(await token(["fly.apiToken", "telegram.botToken.a", "telegram.botToken.b"])).toBe("token-b");
    expect(await token(["telegram.botToken", "telegram.botToken.b"])).toBe("token-global");
    expect(await token(["telegram.botTokenX"])).toBeNull();
    expect(await token([])).toBeNull();
    const absent = Array.from({ length: 16 }, (_, i) => `telegram.botToken.absent${i}`);
    expect(await token([...absent, "telegram.botToken.b"])).toBeNull();
  });

  it("opening reads two documents with a generated key and one with a key from the environment", async () => {
    const t = start();
    const read = (ref: string) =>
      t.run(async (ctx) => {
        await openSecret(ctx, ref);
        return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
      });
    await put(t, "a", "1");
    expect(await read("a")).toBe(2);
    setKeys(KEY_A);
    await put(t, "b", "1");
    await put(t, "b", "2");
    expect(await read("b")).toBe(1);
  });

  it("actions read through an internal query; no public function gives a value away", async () => {
    const t = start();
    await put(t, "a", "the value");
    expect(await t.query(internal.workers.openSecret, { secretRef: "a" })).toBe("the value");
    const answers = [await t.query(api.lib.secretStatus, { secretRefs: ["a"] }), await readiness(t)];
    expect(JSON.stringify(answers)).not.toContain("the value");
  });
});

describe("secretStoreReadiness", () => {
  const codes = async (t: Test) => (await readiness(t)).issues.map((issue) => issue.code);

  it("says absent, then generated, then nothing to mend", async () => {
    const t = start();
    expect(await readiness(t)).toMatchObject({
      masterKey: "absent",
      issues: [{ code: "master_key_absent" }],
    });
    await put(t, "a", "1");
    expect(await readiness(t)).toMatchObject({
      masterKey: "generated",
      issues: [{ code: "master_key_generated" }],
    });
    setKeys(KEY_A);
    const { issues, keys } = await readiness(t);
    expect(issues.map((issue) => issue.code)).toEqual(["secrets_need_rewrap"]);
    expect(keys).toEqual([{ keyId: expect.any(String), state: "older", secrets: 1, capped: false }]);
    await put(t, "a", "2");
    expect(await readiness(t)).toMatchObject({ masterKey: "env", issues: [], keys: [{ state: "current" }] });
  });

  it("names an invalid, a weak and a pointless previous key, each with what to do, never with the value", async () => {
    const t = start();
    setKeys("hunter2-hunter2", "hunter3");
    const invalid = await readiness(t);
    expect(invalid.masterKey).toBe("invalid");
    expect(invalid.issues.map((issue) => issue.code)).toEqual([
      "master_key_invalid",
      "previous_master_key_invalid",
    ]);
    expect(JSON.stringify(invalid)).not.toContain("hunter");
    expect(invalid.issues[0]?.message).toContain("it holds 11 bytes instead of 32");
    expect(invalid.issues[0]?.message).toContain("openssl rand -base64 32");
    setKeys(Buffer.alloc(32, 1).toString("base64"));
    expect(await codes(t)).toEqual(["master_key_weak"]);
    setKeys(KEY_A, KEY_A);
    expect(await codes(t)).toEqual(["previous_master_key_same"]);
  });

  it("names each lost key of active secrets, and forgets it once they are imported again", async () => {
    const t = start();
    setKeys(KEY_A);
    await put(t, "a", "1");
    await put(t, "b", "1");
    setKeys(KEY_B);
    await put(t, "c", "1");
    expect(await codes(t)).toEqual(["secret_key_unavailable"]);
    const { keys, issues } = await readiness(t);
    const missing = keys.find((key) => key.state === "missing");
    expect(missing).toMatchObject({ secrets: 2, capped: false });
    expect(issues[0]?.message).toContain(`${missing?.keyId} is not available, and 2 active secrets`);
    await put(t, "a", "2");
    await put(t, "b", "2");
    expect(await codes(t)).toEqual([]);
  });
});
