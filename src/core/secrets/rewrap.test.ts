import { convexTest } from "convex-test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openEnvelope } from "../../policy/secrets/envelope.js";
import { masterKeyOf } from "../../policy/secrets/masterKey.js";
import { api } from "../../component/_generated/api.js";
import schema from "../../component/schema.js";
import { sealSecret } from "./seal.js";
import { openSecret } from "./vault.js";

const modules = import.meta.glob(["/src/component/**/*.ts", "!/src/component/**/*.test.ts"]);
const KEY_A = Buffer.from(Array.from({ length: 32 }, (_, i) => 7 * i + 3)).toString("base64");
const KEY_B = Buffer.from(Array.from({ length: 32 }, (_, i) => 11 * i + 9)).toString("base64");
const KEY_C = Buffer.from(Array.from({ length: 32 }, (_, i) => 5 * i + 1)).toString("base64");

function setKeys(current: string | undefined, previous?: string) {
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY", current);
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY_PREVIOUS", previous);
}
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
  setKeys(undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const start = () => convexTest({ schema, modules, transactionLimits: true });
type Test = ReturnType<typeof start>;
const put = (t: Test, secretRef: string, plaintextValue: string) =>
  t.mutation(api.lib.importSecret, { secretRef, plaintextValue });
const open = (t: Test, secretRef: string) => t.run(async (ctx) => await openSecret(ctx, secretRef));
const rows = (t: Test) => t.run(async (ctx) => await ctx.db.query("secrets").collect());
const progress = (t: Test) => t.query(api.lib.rewrapProgress, {});
const rewrap = (t: Test) => t.mutation(api.lib.rewrapSecrets, {});
/** Runs the step that is scheduled now, and not its successor. */
async function runStep(t: Test) {
  vi.advanceTimersByTime(0);
  await t.finishInProgressScheduledFunctions();
}
async function runToEnd(t: Test) {
  while ((await progress(t)).running) await runStep(t);
}

/** Inserts sealed rows, many at a time: importing each of a thousand would be most of the test. */
async function seed(t: Test, count: number) {
  await t.run(async (ctx) => {
    for (let i = 0; i < count; i += 1) {
      const bound = { secretRef: `s${i}`, version: 1 };
      const sealed = await sealSecret(ctx, bound, new TextEncoder().encode(`value ${i}`));
      await ctx.db.insert("secrets", { ...bound, ...sealed, active: true });
    }
  });
}

describe("rewrapSecrets", () => {
  it("moves 1 000 secrets in batches; every read between any two succeeds; then the old key can go", async () => {
    const t = start();
    setKeys(KEY_A);
    await seed(t, 1_000);
    setKeys(KEY_B, KEY_A);
    expect(await rewrap(t)).toMatchObject({ running: true, done: 0, total: 1_000, totalCapped: false });
    let [reads, steps, failedReads, at] = [0, 0, 0, 0];
    const isFinished = () =>
      t.run(async (ctx) => (await ctx.db.query("rewrapRuns").first())?.finishedAt !== undefined);
    while (!(await isFinished())) {
      await runStep(t);
      steps += 1;
      // A row of the batch before, one of the batch now, and one far ahead, wandering over all of them.
      for (const i of [at, at + 49, at + 50, 999 - at].filter((index) => index >= 0 && index < 1_000)) {
        reads += 1;
        if ((await open(t, `s${i}`)) !== `value ${i}`) failedReads += 1;
      }
      at += 49;
    }
    expect(await progress(t)).toMatchObject({ running: false, done: 1_000, failed: 0, total: 1_000 });
    expect(steps).toBeGreaterThanOrEqual(20);
    setKeys(KEY_B);
    const master = await masterKeyOf(new Uint8Array(Buffer.from(KEY_B, "base64")));
    for (const row of await rows(t)) {
      reads += 1;
      if ((await openEnvelope(master, row, row)) !== `value ${row.secretRef.slice(1)}`) failedReads += 1;
    }
    expect(failedReads).toBe(0);
    expect(reads).toBeGreaterThan(1_050);
    expect((await t.query(api.lib.secretStoreReadiness, {})).issues).toEqual([]);
  });

  it("moves what a generated key sealed to the key the host now passes, superseded versions too", async () => {
    const t = start();
    await put(t, "a", "old");
    await put(t, "a", "new");
    setKeys(KEY_A);
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 2, failed: 0, total: 2 });
    await t.run(async (ctx) => {
      for (const key of await ctx.db.query("masterKeys").collect()) await ctx.db.delete(key._id);
    });
    expect(await open(t, "a")).toBe("new");
    expect(new Set((await rows(t)).map((row) => row.keyId)).size).toBe(1);
  });

  it("is one run however often it is asked for, and nothing to do is no change", async () => {
    const t = start();
    expect(await rewrap(t)).toMatchObject({ running: false, keyId: null });
    setKeys(KEY_A);
    await seed(t, 120);
    setKeys(KEY_B, KEY_A);
    await Promise.all([rewrap(t), rewrap(t)]);
    await runStep(t);
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 120, failed: 0 });
    const before = await rows(t);
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 0, total: 0, failed: 0 });
    expect(await rows(t)).toEqual(before);
    const acts = await t.run((ctx) => ctx.db.query("auditLog").collect());
    expect(acts.map((act) => act.kind).filter((kind) => kind === "vault.rewrapStarted")).toHaveLength(2);
  });

  it("goes on where it was interrupted", async () => {
    const t = start();
    setKeys(KEY_A);
    await seed(t, 120);
    setKeys(KEY_B, KEY_A);
    await rewrap(t);
    await runStep(t);
    // The scheduled step is lost, as if the platform had given it up.
    await t.run(async (ctx) => {
      const pending = await ctx.db.system.query("_scheduled_functions").collect();
      for (const row of pending.filter(({ state }) => state.kind === "pending"))
        await ctx.scheduler.cancel(row._id);
    });
    expect(await progress(t)).toMatchObject({ running: false, done: 50, total: 120, finishedAt: null });
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 120, failed: 0, total: 120 });
  });

  it("passes over what it cannot open, says which and why, and repeats without harm", async () => {
    const t = start();
    setKeys(KEY_A);
    await put(t, "lost", "1");
    setKeys(KEY_B);
    await put(t, "altered", "2");
    await put(t, "fine", "3");
    await t.run(async (ctx) => {
      const row = (await ctx.db.query("secrets").collect()).find(({ secretRef }) => secretRef === "altered");
      if (row) await ctx.db.patch(row._id, { wrappedKey: new ArrayBuffer(60) });
    });
    setKeys(KEY_C, KEY_B);
    for (let run = 0; run < 2; run += 1) {
      await rewrap(t);
      await runToEnd(t);
      const state = await progress(t);
      expect(state).toMatchObject({ running: false, done: run === 0 ? 1 : 0, failed: 2 });
      expect(state.total).toBe(state.done + 2);
      expect(state.lastError).toMatch(/Secret '(lost|altered)' version 1: /);
    }
    expect(await open(t, "fine")).toBe("3");
  });

  it("waits without a usable key and goes on when there is one; a third key starts over", async () => {
    const t = start();
    setKeys(KEY_A);
    await seed(t, 60);
    setKeys(KEY_B, KEY_A);
    await rewrap(t);
    await runStep(t);
    setKeys("broken", KEY_A);
    await runStep(t);
    expect(await progress(t)).toMatchObject({ running: false, done: 50, finishedAt: null });
    expect((await progress(t)).lastError).toContain("AGENT_FACTORY_MASTER_KEY is not a master key");
    setKeys(KEY_B, KEY_A);
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 60 });
    setKeys(KEY_C, KEY_B);
    await rewrap(t);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 60, failed: 0, lastError: null });
    setKeys(KEY_C);
    expect(await open(t, "s59")).toBe("value 59");
  });

  it("reads and writes a bounded amount per step, also with the largest values", async () => {
    const t = start();
    setKeys(KEY_A);
    for (let batch = 0; batch < 3; batch += 1) {
      await t.run(async (ctx) => {
        for (let i = 0; i < 40; i += 1) {
          const bound = { secretRef: `big${batch}.${i}`, version: 1 };
          const sealed = await sealSecret(ctx, bound, new Uint8Array(64 * 1024));
          await ctx.db.insert("secrets", { ...bound, ...sealed, active: true });
        }
      });
    }
    setKeys(KEY_B, KEY_A);
    expect(await rewrap(t)).toMatchObject({ totalCapped: true });
    expect((await t.query(api.lib.secretStoreReadiness, {})).keys).toMatchObject([{ capped: true }]);
    await runToEnd(t);
    expect(await progress(t)).toMatchObject({ done: 120, failed: 0, total: 120, totalCapped: false });
  });
});
