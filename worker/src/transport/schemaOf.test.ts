import { v } from "convex/values";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { schemaOf } from "./schemaOf.js";
import { claimReply, envelope } from "./wire.js";

describe("the schema of a validator", () => {
  const answer = v.union(
    v.null(),
    v.object({
      id: v.string(),
      count: v.optional(v.number()),
      tags: v.array(v.union(v.literal("a"), v.literal("b"))),
      names: v.record(v.string(), v.boolean()),
    }),
  );
  const sound = { id: "x", tags: ["a"], names: { n: true } };

  it("takes what the validator takes, and drops what it does not know", () => {
    const schema = schemaOf(answer);
    expect(schema.parse(null)).toBe(null);
    expect(schema.parse({ ...sound, newer: 1 })).toEqual(sound);
    expect(schema.parse({ ...sound, count: 2 })).toEqual({ ...sound, count: 2 });
  });
  it.each([
    { ...sound, id: 1 },
    { ...sound, tags: ["c"] },
    { ...sound, names: { n: 1 } },
    { ...sound, count: null },
    { tags: [], names: {} },
    undefined,
  ])("refuses %j", (value) => {
    expect(schemaOf(answer).safeParse(value).success).toBe(false);
  });
  it("takes another schema at a path, and knows every path", () => {
    const strict = schemaOf(answer, { id: z.string().min(2) });
    expect(strict.safeParse(sound).success).toBe(false);
    expect(strict.safeParse({ ...sound, id: "xy" }).success).toBe(true);
    expect(() => schemaOf(answer, { identifier: z.string() })).toThrow(
      "no field of the contract: identifier",
    );
  });
});

describe("what the gateway answers", () => {
  const job = {
    messageId: "m",
    conversationId: "c",
    agentKey: "a",
    leaseId: "l",
    leaseExpiresAt: 1,
    payload: { provider: "p", providerUserId: "u", messageText: "hi" },
    attempt: 1,
    maxAttempts: 5,
    heartbeatIntervalMs: 1_000,
  };
  it("keeps a job whose hint about the lease is not understood, and refuses one without a lease", () => {
    expect(claimReply.parse({ ...job, leaseMs: -1 })).toEqual({ ...job, leaseMs: undefined });
    expect(claimReply.safeParse({ ...job, leaseId: "" }).success).toBe(false);
    expect(claimReply.safeParse({ ...job, heartbeatIntervalMs: 0 }).success).toBe(false);
  });
  it("reads an unknown code as internal, and a control that is not understood as none", () => {
    expect(envelope.parse({ ok: false, error: { code: "of_tomorrow", message: "m" } })).toMatchObject({
      error: { code: "internal" },
    });
    const idle = envelope.parse({ ok: true, value: null, retryAfterMs: -1, control: { shouldStop: 1 } });
    expect(idle).toEqual({ ok: true, value: null, retryAfterMs: undefined, control: undefined });
  });
});
