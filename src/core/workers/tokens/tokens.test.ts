import { createHmac, hkdfSync } from "node:crypto";
import { convexTest } from "convex-test";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorDataOf, type ErrorData } from "../../../contract/errors.js";
import { decodeMasterKey, deriveKeyBytes, masterKeyOf } from "../../../policy/secrets/masterKey.js";
import { api } from "../../../component/_generated/api.js";
import schema from "../../../component/schema.js";
import { authorizeWorker } from "./authorize.js";
import { signToken } from "./claims.js";

const modules = import.meta.glob(["/src/component/**/*.ts", "!/src/component/**/*.test.ts"]);
const keyBytes = (step: number) => Buffer.from(Array.from({ length: 32 }, (_, i) => step * i + 3));
const KEY_A = keyBytes(7).toString("base64");
const KEY_B = keyBytes(11).toString("base64");
const NOW = Date.UTC(2026, 0, 1);
const [MINUTE, DAY] = [60_000, 86_400_000];

const setKeys = (current: string | undefined, previous?: string) => {
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY", current);
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY_PREVIOUS", previous);
};
beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  setKeys(KEY_A);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const start = () => convexTest({ schema, modules, transactionLimits: true });
type Test = ReturnType<typeof start>;
type Scope = Parameters<typeof mint>[1];
const mint = (
  t: Test,
  scope: {
    workspace?: string;
    tags?: string[];
    group?: string;
    workerId?: string;
    expiresInMs?: number;
  } = {},
) => t.mutation(api.lib.createAgentWorkerToken, scope);
const authorize = (t: Test, args: Parameters<typeof authorizeWorker>[1]) =>
  t.run(async (ctx) => await authorizeWorker(ctx, args));
const list = (t: Test) => t.query(api.lib.listWorkerTokens, {});

/** The data of the error that refused the work; anything else fails the test. */
const refusal = async (work: Promise<unknown>): Promise<ErrorData> =>
  await work.then(
    () => Promise.reject(new Error("was not refused")),
    (error: unknown) => errorDataOf(error) ?? Promise.reject(error as Error),
  );
const refusalCode = async (t: Test, args: Parameters<typeof authorizeWorker>[1]) =>
  (await refusal(authorize(t, args))).code;

const master = async (key: string) => await masterKeyOf(decodeMasterKey(key) ?? new Uint8Array(0));
const part = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()) as Record<string, unknown>;

describe("createAgentWorkerToken", () => {
  it("signs the scope with HS256 under a key derived from the master key; Node's crypto agrees", async () => {
    const t = start();
    const scope = { workspace: "acme", tags: ["gpu", "default", "gpu"], group: "blue", workerId: "w1" };
    const { token, tokenId, expiresAt } = await mint(t, { ...scope, expiresInMs: DAY });
    expect(part(token, 0)).toEqual({ alg: "HS256", typ: "JWT", kid: (await master(KEY_A)).keyId });
    expect(part(token, 1)).toEqual({
      ...scope,
      tags: ["gpu", "default"],
      iss: "agent-factory",
      jti: tokenId,
      iat: NOW / 1000,
      exp: expiresAt / 1000,
    });
    expect(expiresAt).toBe(NOW + DAY);
    const key = Buffer.from(
      hkdfSync("sha256", keyBytes(7), Buffer.alloc(0), "agent-factory/worker-token/1", 32),
    );
    const signed = token.slice(0, token.lastIndexOf("."));
    expect(token.slice(signed.length + 1)).toBe(createHmac("sha256", key).update(signed).digest("base64url"));
  });

  it("defaults to the default lane, any workspace and 90 days; the token is stored nowhere", async () => {
    const t = start();
    const { token, tokenId } = await mint(t);
    const scope = { workspace: null, tags: ["default"], group: null, workerId: null };
    const times = { createdAt: NOW, expiresAt: NOW + 90 * DAY, revokedAt: null, lastUsedAt: null };
    const rest = { maxWorkers: null, trusted: false, hasAlias: false, rotatedFrom: null };
    expect(await list(t)).toEqual([{ tokenId, ...scope, ...times, ...rest }]);
    const stored = await t.run((ctx) => ctx.db.query("workerTokens").collect());
    expect(JSON.stringify(stored)).not.toContain(token.slice(token.lastIndexOf(".") + 1));
  });

  it("without a master key one is made, and the token works", async () => {
    setKeys(undefined);
    const t = start();
    const { token } = await mint(t);
    expect((await authorize(t, { workerToken: token })).trusted).toBe(false);
    setKeys(KEY_A);
    expect((await authorize(t, { workerToken: token })).trusted).toBe(false);
  });

  it.each<[string, Scope]>([
    ["tags", { tags: [] }],
    ["tags", { tags: ["with space"] }],
    ["tags", { tags: Array.from({ length: 17 }, (_, i) => `lane${i}`) }],
    ["workspace", { workspace: " " }],
    ["group", { group: "" }],
    ["workerId", { workerId: "x".repeat(201) }],
    ["expiresInMs", { expiresInMs: MINUTE - 1 }],
    ["expiresInMs", { expiresInMs: 400 * DAY + 1 }],
    ["expiresInMs", { expiresInMs: Number.NaN }],
  ])("refuses a bad %s: %j", async (argument, scope) => {
    const t = start();
    expect(await refusal(mint(t, scope))).toMatchObject({ code: "invalid_argument", argument });
    expect(await list(t)).toEqual([]);
  });

  it("drops tokens that expired more than 30 days ago", async () => {
    const t = start();
    await mint(t, { expiresInMs: MINUTE });
    const kept = await mint(t, { expiresInMs: DAY });
    vi.setSystemTime(NOW + 30 * DAY + 2 * MINUTE);
    const fresh = await mint(t);
    expect((await list(t)).map((row) => row.tokenId)).toEqual([fresh.tokenId, kept.tokenId]);
  });
});

describe("authorizeWorker", () => {
  it("no token is the host app; an empty one is a bad token", async () => {
    const t = start();
    const grant = {
      trusted: true,
      tokenId: null,
      family: null,
      workerId: null,
      workspace: null,
      lanes: null,
      maxWorkers: null,
      viaAlias: false,
    };
    expect(await authorize(t, { workerId: "any", workspaceId: "any" })).toEqual(grant);
    expect(await refusalCode(t, { workerToken: "" })).toBe("worker_token_invalid");
  });

  it("grants what was signed", async () => {
    const t = start();
    const { token, tokenId } = await mint(t, { workspace: "acme", tags: ["a", "b"], workerId: "w1" });
    const scope = { workerId: "w1", workspace: "acme", lanes: ["a", "b"], maxWorkers: null };
    const grant = { trusted: false, tokenId, family: tokenId, ...scope, viaAlias: false };
    expect(await authorize(t, { workerToken: token, workerId: "w1", workspaceId: "acme" })).toEqual(grant);
    expect(await authorize(t, { workerToken: token })).toEqual(grant);
    const open = await mint(t);
    expect(
      await authorize(t, { workerToken: open.token, workerId: "w2", workspaceId: "acme" }),
    ).toMatchObject({
      workspace: null,
      lanes: ["default"],
    });
  });

  it("another worker and another workspace are told apart from a bad token", async () => {
    const t = start();
    const { token } = await mint(t, { workspace: "acme", workerId: "w1" });
    expect(await refusalCode(t, { workerToken: token, workerId: "w2" })).toBe("worker_mismatch");
    expect(await refusalCode(t, { workerToken: token, workspaceId: "evil" })).toBe("workspace_mismatch");
  });

  it("a token expires at its time", async () => {
    const t = start();
    const { token, expiresAt } = await mint(t, { expiresInMs: MINUTE });
    vi.setSystemTime(expiresAt - 1);
    expect((await authorize(t, { workerToken: token })).trusted).toBe(false);
    vi.setSystemTime(expiresAt);
    expect(await refusalCode(t, { workerToken: token })).toBe("worker_token_expired");
  });

  it("a revoked token is refused at the next call; unknown ids answer false", async () => {
    const t = start();
    const { token, tokenId } = await mint(t);
    expect(await t.mutation(api.lib.revokeWorkerToken, { tokenId })).toBe(true);
    expect(await refusalCode(t, { workerToken: token })).toBe("worker_token_revoked");
    vi.setSystemTime(NOW + MINUTE);
    expect(await t.mutation(api.lib.revokeWorkerToken, { tokenId })).toBe(true);
    expect((await list(t))[0]?.revokedAt).toBe(NOW);
    expect(await t.mutation(api.lib.revokeWorkerToken, { tokenId: "nobody" })).toBe(false);
  });

  it("every altered character of a token is refused, and so is a widened claim", async () => {
    const t = start();
    const { token } = await mint(t, { tags: ["a"] });
    for (let i = 0; i < token.length; i += 1) {
      // The last character of each part may carry unused bits; "A" and "B" differ in a used one only before it.
      if (i + 1 === token.length || token[i] === "." || token[i + 1] === ".") continue;
      const altered = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      expect(await refusalCode(t, { workerToken: altered }), `at ${i}`).toBe("worker_token_invalid");
    }
    const [header, , signature] = token.split(".");
    const widened = Buffer.from(JSON.stringify({ ...part(token, 1), tags: ["a", "system"] })).toString(
      "base64url",
    );
    expect(await refusalCode(t, { workerToken: `${header}.${widened}.${signature}` })).toBe(
      "worker_token_invalid",
    );
  });

  it("forgeries: no algorithm, foreign key, foreign issuer, unknown id, wrong claims, rubbish", async () => {
    const t = start();
    const { token, tokenId } = await mint(t);
    const payload = part(token, 1);
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const own = await deriveKeyBytes(await master(KEY_A), "agent-factory/worker-token/1");
    const kid = (await master(KEY_A)).keyId;
    const signed = (claims: Record<string, unknown>, key: Uint8Array, header: object = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid, ...header }).sign(key);
    const later = NOW + DAY;
    const foreign = await master(KEY_B);
    const scope = { jti: tokenId, tags: ["default"] };
    const forgeries = {
      "alg none": `${encode({ alg: "none", kid })}.${encode(payload)}.`,
      "key that is not ours": await signToken(foreign, scope, NOW, later),
      "foreign key under our key id": await signToken({ ...foreign, keyId: kid }, scope, NOW, later),
      "the raw master key as signing key": await signed(payload, new Uint8Array(keyBytes(7))),
      "no key id": await signed(payload, own, { kid: undefined }),
      "another issuer": await signed({ ...payload, iss: "someone" }, own),
      "no expiry": await signed({ ...payload, exp: undefined }, own),
      "an id without a row": await signToken(await master(KEY_A), { ...scope, jti: "ghost" }, NOW, later),
      "no lanes": await signed({ ...payload, tags: [] }, own),
      "lanes that are no list": await signed({ ...payload, tags: "default" }, own),
      "longer than any of ours": await signed({ ...payload, padding: "x".repeat(4096) }, own),
      rubbish: "not.a.token",
      "one part": "x",
      "not base64": "%%%.%%%.%%%",
    };
    for (const [name, forged] of Object.entries(forgeries)) {
      expect(await refusalCode(t, { workerToken: forged }), name).toBe("worker_token_invalid");
    }
    // The control: the same hand-made token with nothing wrong is accepted.
    expect((await authorize(t, { workerToken: await signed(payload, own) })).tokenId).toBe(tokenId);
  });

  it("tokens outlive one rotation of the master key and no more", async () => {
    const t = start();
    const { token } = await mint(t);
    setKeys(KEY_B, KEY_A);
    expect((await authorize(t, { workerToken: token })).trusted).toBe(false);
    expect(part((await mint(t)).token, 0).kid).toBe((await master(KEY_B)).keyId);
    setKeys(KEY_B);
    const { keyId } = await master(KEY_A);
    const refused = await refusal(authorize(t, { workerToken: token }));
    expect(refused).toMatchObject({ code: "worker_token_invalid", keyId });
    expect(refused.message).toContain("AGENT_FACTORY_MASTER_KEY_PREVIOUS");
  });

  it("reads at most two documents and writes none", async () => {
    setKeys(undefined);
    const t = start();
    const { token } = await mint(t);
    for (let i = 0; i < 20; i += 1) await mint(t);
    const used = await t.run(async (ctx) => {
      await authorizeWorker(ctx, { workerToken: token });
      const metrics = await ctx.meta.getTransactionMetrics();
      return [metrics.documentsRead.used, metrics.documentsWritten.used];
    });
    expect(used).toEqual([2, 0]);
  });
});

describe("rotateWorkerToken", () => {
  const rotate = (t: Test, args: { tokenId: string; overlapMs?: number; expiresInMs?: number }) =>
    t.mutation(api.lib.rotateWorkerToken, args);

  it("keeps the scope and the length of life; both tokens work for an hour, then the new one alone", async () => {
    const t = start();
    const old = await mint(t, {
      workspace: "acme",
      tags: ["a"],
      workerId: "w1",
      group: "blue",
      expiresInMs: 2 * DAY,
    });
    vi.setSystemTime(NOW + DAY);
    const next = await rotate(t, { tokenId: old.tokenId });
    expect(next.tokenId).not.toBe(old.tokenId);
    expect(next.expiresAt).toBe(NOW + 3 * DAY);
    expect((await list(t))[0]).toMatchObject({
      workspace: "acme",
      tags: ["a"],
      workerId: "w1",
      group: "blue",
    });
    vi.setSystemTime(NOW + DAY + 60 * MINUTE - 1);
    for (const { token } of [old, next]) {
      expect(await authorize(t, { workerToken: token, workerId: "w1" })).toMatchObject({ workspace: "acme" });
    }
    vi.setSystemTime(NOW + DAY + 60 * MINUTE);
    expect(await refusalCode(t, { workerToken: old.token })).toBe("worker_token_expired");
    expect((await authorize(t, { workerToken: next.token })).tokenId).toBe(next.tokenId);
  });

  it("never lengthens the old one; no overlap ends it at once", async () => {
    const t = start();
    const brief = await mint(t, { expiresInMs: MINUTE });
    await rotate(t, { tokenId: brief.tokenId, overlapMs: DAY });
    expect((await list(t)).find((row) => row.tokenId === brief.tokenId)?.expiresAt).toBe(brief.expiresAt);
    const ended = await mint(t);
    await rotate(t, { tokenId: ended.tokenId, overlapMs: 0, expiresInMs: MINUTE });
    expect(await refusalCode(t, { workerToken: ended.token })).toBe("worker_token_expired");
  });

  it("refuses unknown, revoked and expired tokens and a bad overlap, and mints nothing", async () => {
    const t = start();
    const [revoked, expired, good] = [await mint(t), await mint(t, { expiresInMs: MINUTE }), await mint(t)];
    await t.mutation(api.lib.revokeWorkerToken, { tokenId: revoked.tokenId });
    vi.setSystemTime(NOW + MINUTE);
    expect((await refusal(rotate(t, { tokenId: "nobody" }))).code).toBe("invalid_id");
    expect((await refusal(rotate(t, { tokenId: revoked.tokenId }))).code).toBe("worker_token_revoked");
    expect((await refusal(rotate(t, { tokenId: expired.tokenId }))).code).toBe("worker_token_expired");
    for (const overlapMs of [-1, 7 * DAY + 1, Number.NaN]) {
      expect((await refusal(rotate(t, { tokenId: good.tokenId, overlapMs }))).code).toBe("invalid_argument");
    }
    expect(await list(t)).toHaveLength(3);
  });
});
