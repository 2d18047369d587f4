/** Failures that say nothing about the message: they cost no attempt, and they end by age. */
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/defaultPolicies.js";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const HOUR_MS = 3_600_000;

type Outcome = {
  errorMessage?: string;
  retryable?: boolean;
  blames?: "message" | "service";
  retryAfterMs?: number;
};
async function failed(job: { messageId: string; leaseId: string }, outcome: Outcome) {
  const result = await world.t.mutation(world.lib.settle, {
    ...world.lease("w1", job),
    outcome: { kind: "fail", errorMessage: "openai: HTTP 503", ...outcome },
  });
  if (!result.ok) throw new Error("the lease was lost");
  return { ...result, waitMs: (result.nextScheduledFor ?? Number.NaN) - Date.now() };
}
/** Fails every delivery until `ms` have passed; the waits, and whether it became a dead letter. */
async function outage(ms: number, outcome: Outcome) {
  const from = Date.now();
  const waits: number[] = [];
  while (Date.now() - from < ms) {
    const { status, waitMs } = await failed(await world.mustClaim("w1"), outcome);
    if (status === "dead_letter") return { waits, deadAfterMs: Date.now() - from };
    waits.push(waitMs);
    await world.pass(waitMs + 250, 30_000);
  }
  return { waits, deadAfterMs: null };
}

describe("a service that is down", () => {
  it("costs a message none of its attempts for half an hour, and the waits grow to two minutes", async () => {
    await world.send("c1", "one");
    const { waits, deadAfterMs } = await outage(HOUR_MS / 2, { blames: "service" });
    expect(deadAfterMs).toBeNull();
    expect(waits.slice(0, 3).map((ms) => Math.floor(ms / 1_000))).toEqual([1, 2, 4]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(132_000);
    expect(waits.length).toBeLessThan(25);
    const job = await world.mustClaim("w1");
    // A new number for each delivery: engines name their runs by it.
    expect([job.attempt, job.maxAttempts]).toEqual([waits.length + 1, 5]);
    expect((await failed(job, { blames: "message" })).status).toBe("queued");
    const [item] = await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c1" });
    expect(item?.attempts).toBe(1);
  });

  it("ends a message as a dead letter after six hours, or what the policy says", async () => {
    expect(defaultPolicies.retry.serviceMaxAgeMs).toBe(6 * HOUR_MS);
    await world.t.mutation(world.lib.setPolicies, { policies: { retry: { serviceMaxAgeMs: 600_000 } } });
    await world.send("c1", "one");
    const { deadAfterMs } = await outage(HOUR_MS, { blames: "service" });
    expect(deadAfterMs).toBeGreaterThanOrEqual(600_000);
    expect(deadAfterMs).toBeLessThan(750_000);
  });

  it("is waited for as long as it asks, but no longer than it may be down", async () => {
    await world.send("c1", "one");
    const long = await failed(await world.mustClaim("w1"), { blames: "service", retryAfterMs: 3_000_000 });
    expect(long.waitMs).toBe(3_000_000);
    await world.pass(2_999_000, 60_000);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(1_500);
    const absurd = await failed(await world.mustClaim("w1"), { retryAfterMs: 1e12 });
    expect(absurd.waitMs).toBe(6 * HOUR_MS);
  });

  it("does not use up its time by the waits that it orders, until all of it has taken four times as long", async () => {
    const maxAgeMs = 600_000;
    await world.t.mutation(world.lib.setPolicies, { policies: { retry: { serviceMaxAgeMs: maxAgeMs } } });
    const messageId = await world.send("c1", "one");
    const ordered = await failed(await world.mustClaim("w1"), { blames: "service", retryAfterMs: maxAgeMs });
    expect(ordered.waitMs).toBe(maxAgeMs);
    const explained = await world.t.query(world.lib.explainMessage, { messageId });
    expect(explained?.text).toContain("failing since 2030-01-01T00:00:00");
    expect(explained?.text).toContain("if none succeeds by 2030-01-01T00:20:00");
    await world.pass(maxAgeMs + 250, 30_000);
    const { deadAfterMs } = await outage(HOUR_MS, { blames: "service" });
    expect(deadAfterMs).toBeGreaterThanOrEqual(maxAgeMs - 1_000);
    await world.send("c2", "two");
    const endless = await outage(2 * HOUR_MS, { blames: "service", retryAfterMs: maxAgeMs });
    expect(endless).toMatchObject({ waits: Array.from({ length: 4 }, () => maxAgeMs) });
    expect(endless.deadAfterMs).toBeGreaterThanOrEqual(4 * maxAgeMs);
  });

  it.each([Number.NaN, -5, 0])("that asks for a wait of %d gets the usual one", async (retryAfterMs) => {
    await world.send("c1", "one");
    const { waitMs } = await failed(await world.mustClaim("w1"), { blames: "service", retryAfterMs });
    expect(Math.floor(waitMs / 1_000)).toBe(1);
  });

  it("still ends what cannot be repeated, and is forgotten with the next message", async () => {
    await world.send("c1", "one");
    await failed(await world.mustClaim("w1"), { blames: "service" });
    await world.pass(2_000);
    const final = await failed(await world.mustClaim("w1"), { blames: "service", retryable: false });
    expect(final.status).toBe("dead_letter");
    await world.send("c1", "two");
    const next = await world.mustClaim("w1");
    expect([next.attempt, (await failed(next, {})).waitMs < 1_200]).toEqual([1, true]);
  });

  it("is what explainMessage names, with its reason and since when", async () => {
    const messageId = await world.send("c1", "one");
    await failed(await world.mustClaim("w1"), { blames: "service" });
    const explain = () => world.t.query(world.lib.explainMessage, { messageId });
    expect(await explain()).toMatchObject({ reason: "service_down", attempts: 0 });
    expect((await explain())?.text).toMatch(
      /failing since 2030-01-01T00:00:00.*openai: HTTP 503.*no attempt.*dead letter/,
    );
    await world.pass(2_000);
    await failed(await world.mustClaim("w1"), { blames: "message", errorMessage: "exit code 3" });
    expect(await explain()).toMatchObject({ reason: "backoff", attempts: 1 });
  });
});

it("a message that fails at once, over and over, outlives a restart", async () => {
  await world.send("c1", "one");
  const { deadAfterMs, waits } = await outage(HOUR_MS, {});
  expect(waits).toHaveLength(4);
  expect(deadAfterMs).toBeGreaterThanOrEqual(75_000);
});
