import { describe, expect, it, vi } from "vitest";
import { useWorld } from "../../../test/component/world.js";
import { errorDataOf } from "../../contract/errors.js";
import { openSecret } from "./vault.js";
import { sweepSecrets } from "./wipe.js";

const world = useWorld();
const DAY_MS = 86_400_000;

const put = (secretRef: string, plaintextValue: string, metadata?: Record<string, string>) =>
  world.t.mutation(world.lib.importSecret, { secretRef, plaintextValue, metadata });
const versions = (secretRef: string) => world.t.query(world.lib.listSecretVersions, { secretRef });
const sweep = () => world.t.run((ctx) => sweepSecrets(ctx));
const open = (secretRef: string) => world.t.run(async (ctx) => await openSecret(ctx, secretRef));
const bytesLeft = () =>
  world.t.run(async (ctx) =>
    (await ctx.db.query("secrets").collect()).map(
      ({ version, encryptedValue, wrappedKey }) =>
        [version, encryptedValue.byteLength, wrappedKey.byteLength] as const,
    ),
  );
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => errorDataOf(error)?.code,
  );
const auditOf = (kind: string) =>
  world.t.run(async (ctx) =>
    (await ctx.db.query("auditLog").collect()).filter((act) => act.kind === kind).map((act) => act.subject),
  );

describe("versions", () => {
  it("are listed newest first with facts and without values", async () => {
    await put("a", "first value", { owner: "ops" });
    vi.advanceTimersByTime(1_000);
    await put("a", "second value");
    const list = await versions("a");
    expect(list).toMatchObject([
      { version: 2, active: true, supersededAt: null, wipedAt: null },
      { version: 1, active: false, supersededAt: Date.now(), wipedAt: null, metadata: { owner: "ops" } },
    ]);
    expect(list[0]!.createdAt).toBeGreaterThan(list[1]!.createdAt + 999);
    expect(JSON.stringify(list)).not.toContain("value ");
    expect(
      await world.t.query(world.lib.listSecretVersions, { secretRef: "a", beforeVersion: 2 }),
    ).toMatchObject([{ version: 1 }]);
    expect(await codeOf(versions("unknown"))).toBe("secret_not_found");
  });

  it("are wiped after the grace, not before, the active one never; much later they are forgotten", async () => {
    for (const value of ["1", "2", "3"]) await put("a", value);
    vi.advanceTimersByTime(7 * DAY_MS - 1);
    expect(await sweep()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await sweep()).toBe(2);
    expect(await bytesLeft()).toEqual([
      [1, 0, 0],
      [2, 0, 0],
      [3, 29, 60],
    ]);
    expect(await open("a")).toBe("3");
    expect((await versions("a")).map(({ wipedAt }) => wipedAt)).toEqual([null, Date.now(), Date.now()]);
    expect(await sweep()).toBe(0);
    vi.advanceTimersByTime(400 * DAY_MS);
    expect(await sweep()).toBe(2);
    expect(await versions("a")).toMatchObject([{ version: 3 }]);
    expect(await open("a")).toBe("3");
  });

  it("follow the policy", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: { secrets: { supersededGraceMs: 0 } } });
    await put("a", "1");
    await put("a", "2");
    expect(await sweep()).toBe(1);
    const negative = { policies: { secrets: { supersededGraceMs: -1 } } };
    expect(await codeOf(world.t.mutation(world.lib.setPolicies, negative))).toBe("invalid_policy");
  });
});

describe("deleteSecret", () => {
  const remove = (secretRef: string) => world.t.mutation(world.lib.deleteSecret, { secretRef });

  it("destroys every version at once; the history stays and numbers go on", async () => {
    await put("a", "1");
    await put("a", "2");
    await put("b", "other");
    expect(await remove("a")).toEqual({ secretRef: "a", wipedVersions: 2 });
    expect(await open("a")).toBeNull();
    expect(await open("b")).toBe("other");
    expect((await bytesLeft()).slice(0, 2)).toEqual([
      [1, 0, 0],
      [2, 0, 0],
    ]);
    expect(await world.t.query(world.lib.secretStatus, { secretRefs: ["a"] })).toMatchObject([
      { hasActive: false, version: null },
    ]);
    expect(await remove("a")).toEqual({ secretRef: "a", wipedVersions: 0 });
    expect((await put("a", "again")).version).toBe(3);
    expect(await open("a")).toBe("again");
    expect(await auditOf("secret.deleted")).toEqual(["a"]);
    expect(await auditOf("secret.rotated")).toEqual(["a"]);
    expect(await auditOf("secret.imported")).toEqual(["a", "b", "a"]);
  });

  it("refuses a ref that never was", async () => {
    expect(await codeOf(remove("unknown"))).toBe("secret_not_found");
  });

  it("works through very many versions, and leaves one that is imported meanwhile", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: {} });
    for (let i = 0; i < 130; i += 1) await put("a", String(i));
    expect(await remove("a")).toEqual({ secretRef: "a", wipedVersions: 51 });
    await put("a", "new");
    await world.pass(1_000);
    const left = (await bytesLeft()).filter(([, bytes]) => bytes > 0);
    expect(left.map(([version]) => version)).toEqual([131]);
    expect(await open("a")).toBe("new");
  });
});
