import { describe, expect, it, vi } from "vitest";
import { useWorld } from "../../../test/component/world.js";
import { sealAudit } from "./seal.js";

const world = useWorld();
const MINUTE_MS = 60_000;

const refuse = (reason: string, subject?: string) =>
  world.t.mutation(world.lib.recordRefusal, { door: "gateway", reason, subject });
const tallies = () => world.t.run((ctx) => ctx.db.query("auditTallies").collect());
const exported = () => world.t.query(world.lib.exportAudit, {});
/** What the cron does, until nothing is left. */
async function seal() {
  await world.t.run((ctx) => sealAudit(ctx));
  await world.pass(2_000);
}

describe("refusals", () => {
  it("become one row per reason and minute with their count, from a bounded number of rows", async () => {
    for (let i = 0; i < 40; i += 1) await refuse("worker_token_invalid", `w${i}`);
    for (let i = 0; i < 3; i += 1) await refuse("worker_token_expired");
    expect((await tallies()).length).toBeLessThanOrEqual(16);
    await seal();
    expect((await exported()).entries).toEqual([]);
    vi.advanceTimersByTime(MINUTE_MS);
    await refuse("worker_token_invalid");
    vi.advanceTimersByTime(30_000);
    await seal();
    const { entries } = await exported();
    expect(entries.map(({ kind, actor, subject, detail }) => [kind, actor, subject, detail?.count])).toEqual([
      ["worker.refused", "gateway", "worker_token_expired", "3"],
      ["worker.refused", "gateway", "worker_token_invalid", "40"],
    ]);
    expect(entries[1]!.detail?.examples?.split(" ")).toHaveLength(3);
    vi.advanceTimersByTime(MINUTE_MS);
    await seal();
    expect((await exported()).entries.at(-1)).toMatchObject({ detail: { count: "1" } });
    expect(await tallies()).toEqual([]);
  });

  it("keep nothing of what a caller made up", async () => {
    await refuse("Bearer eyJhbGciOi.secret", "a token with spaces = 123456:ABC");
    const [row] = await tallies();
    expect(row).toMatchObject({ subject: "other", examples: [] });
  });

  it("name their door", async () => {
    for (const door of ["webhook", "alias", "api"] as const)
      await world.t.mutation(world.lib.recordRefusal, { door, reason: "unauthorized" });
    expect((await tallies()).map(({ kind, actor }) => [kind, actor])).toEqual([
      ["webhook.refused", "webhook"],
      ["worker.refused", "alias"],
      ["api.refused", "api"],
    ]);
  });
});

describe("folding", () => {
  it("keeps every count through batches that cut a group", async () => {
    const groups = { "worker:a": 5, "worker:b": 700, "worker:c": 299, "worker:d": 1 };
    await world.t.run(async (ctx) => {
      for (const [actor, rows] of Object.entries(groups)) {
        for (let i = 0; i < rows; i += 1)
          await ctx.db.insert("auditTallies", {
            windowEnd: Date.now(),
            kind: "secret.read",
            actor,
            subject: "s",
            shard: 0,
            count: 2,
          });
      }
    });
    vi.advanceTimersByTime(MINUTE_MS);
    await seal();
    const { entries } = await exported();
    expect(entries.map(({ actor, detail }) => [actor, Number(detail?.count) / 2])).toEqual(
      Object.entries(groups),
    );
    expect(await tallies()).toEqual([]);
  });
});

describe("reads of secrets", () => {
  it("are noted by the claim that hands them out, counted per worker, and never by the value", async () => {
    await world.t.mutation(world.lib.importSecret, {
      secretRef: "telegram.botToken",
      plaintextValue: "42:canary",
    });
    await world.agent("bot", { secretsRef: ["telegram.botToken"] });
    for (const conversation of ["c1", "c2", "c3", "c4"])
      await world.send(conversation, "hi", { agentKey: "bot" });
    for (let i = 0; i < 3; i += 1) {
      const job = await world.mustClaim("w1", { hydrate: true });
      expect(job.hydration?.telegramBotToken).toBe("42:canary");
      await world.complete("w1", job);
    }
    await world.mustClaim("w2");
    vi.advanceTimersByTime(11 * MINUTE_MS);
    await seal();
    const reads = (await exported()).entries.filter(({ kind }) => kind === "secret.read");
    expect(reads.map(({ actor, subject, detail }) => [actor, subject, detail])).toEqual([
      ["worker:w1", "telegram.botToken", { count: "3" }],
      ["worker:w2", "agent:bot", { count: "1" }],
    ]);
    expect(JSON.stringify(await exported())).not.toContain("canary");
    await world.pass(2 * MINUTE_MS, 10_000);
  });

  it("leave no trace for an agent without secrets", async () => {
    await world.send("c1", "hi");
    const job = await world.mustClaim("w1", { hydrate: true });
    await world.complete("w1", job);
    expect(await tallies()).toEqual([]);
  });
});
