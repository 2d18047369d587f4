import { describe, expect, it } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

describe("bad input", () => {
  it("refuses an unknown or disabled agent, a blank user, another agent's conversation", async () => {
    await world.agent("off", { enabled: false });
    await world.agent("other");
    await expect(world.send("c", "x", { agentKey: "off" })).rejects.toThrow(
      "Agent profile 'off' not found or disabled",
    );
    await expect(world.send("c", "x", { agentKey: "none" })).rejects.toThrow(
      "Agent profile 'none' not found or disabled",
    );
    const payload = { provider: "app", providerUserId: "  ", messageText: "x" };
    await expect(
      world.t.mutation(world.lib.enqueue, { conversationId: "c", agentKey: "default", payload }),
    ).rejects.toThrow("providerUserId is required but missing in payload.providerUserId=");
    await world.send("c", "x");
    await expect(world.send("c", "x", { agentKey: "other" })).rejects.toThrow(
      "Conversation 'c' is already bound to agent 'default', cannot enqueue for 'other'.",
    );
  });

  it("refuses oversized text and metadata by bytes, not characters", async () => {
    await world.t.mutation(world.lib.setPolicies, {
      policies: { queue: { maxTextBytes: 8, maxMetadataBytes: 40 } },
    });
    await expect(world.send("c", "ééééé")).rejects.toThrow("text_too_large");
    await world.send("c", "éééé");
    const payload = {
      provider: "app",
      providerUserId: "u",
      messageText: "x",
      metadata: { k: "v".repeat(40) },
    };
    await expect(
      world.t.mutation(world.lib.enqueue, { conversationId: "c", agentKey: "default", payload }),
    ).rejects.toThrow("metadata_too_large");
  });

  it("refuses senseless policies, all faults at once, and applies sound ones to the next claim", async () => {
    const senseless = { lease: { leaseMs: 1 }, retry: { jitterRatio: 2 } };
    await expect(world.t.mutation(world.lib.setPolicies, { policies: senseless })).rejects.toThrow(
      /lease\.leaseMs.*retry\.jitterRatio|retry\.jitterRatio.*lease\.leaseMs/,
    );
    await world.t.mutation(world.lib.setPolicies, {
      policies: { lease: { leaseMs: 5_000, heartbeatIntervalMs: 1_000 } },
    });
    await world.send("c", "x");
    const job = await world.mustClaim("w1");
    expect([job.leaseExpiresAt - Date.now(), job.heartbeatIntervalMs]).toEqual([5_000, 1_000]);
  });
});

describe("enqueue", () => {
  it("stores a key once", async () => {
    const first = await world.send("c", "x", { idempotencyKey: "k" });
    expect(await world.send("c", "again", { idempotencyKey: "k" })).toBe(first);
    expect(
      await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c" }),
    ).toHaveLength(1);
  });

  const setPrompt = (systemPrompt?: string) =>
    world.t.mutation(world.lib.setMessageRuntimeConfig, { messageConfig: { systemPrompt } });

  it("keeps the system prompt out of the text: it is hydrated beside it, as it is when the message is handed out", async () => {
    await setPrompt("be kind");
    await world.send("c", "hello \n");
    await setPrompt(" be brief ");
    const { payload, hydration } = await world.mustClaim("w1", { hydrate: true });
    expect([payload.messageText, hydration?.payload.messageText]).toEqual(["hello \n", "hello \n"]);
    expect(hydration?.systemPrompt).toBe("be brief");
    await setPrompt();
    expect(await world.t.query(world.lib.messageRuntimeConfig, {})).toBeNull();
    await world.send("d", "hello");
    expect((await world.mustClaim("w2", { hydrate: true })).hydration).not.toHaveProperty("systemPrompt");
  });

  it("appends the system prompt for the published image, which reads the text of its claim alone", async () => {
    await setPrompt("be brief");
    await world.send("c", " hello \n");
    await world.send("d", "\n");
    expect(textOf(await world.claim("w1"))).toBe(" hello\n\nbe brief");
    expect(textOf(await world.claim("w2"))).toBe("be brief");
    const [stored] = await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c" });
    expect(stored?.payload.messageText).toBe(" hello \n");
  });

  it("refuses a system prompt that is larger than a message may be", async () => {
    await expect(setPrompt("é".repeat(200_000))).rejects.toThrow("text_too_large");
  });

  it("refuses ids and origins that are long: looks read them by the thousand, and the row must hold the answer too", async () => {
    const long = "é".repeat(600);
    await expect(world.send(long, "x")).rejects.toThrow("invalid_argument");
    await expect(world.send("c", "x", { idempotencyKey: long.repeat(4) })).rejects.toThrow(
      "invalid_argument",
    );
    await expect(world.agent(long)).rejects.toThrow("invalid_argument");
    await expect(world.agent("a", { secretsRef: ["r".repeat(40_000)] })).rejects.toThrow("invalid_argument");
    const from = (origin: { provider: string; externalMessageId?: string }) =>
      world.t.mutation(world.lib.enqueue, {
        conversationId: "c",
        agentKey: "default",
        payload: { ...origin, providerUserId: "u", messageText: "x" },
      });
    await expect(from({ provider: "p".repeat(40_000) })).rejects.toThrow("metadata_too_large");
    await expect(from({ provider: "p", externalMessageId: "1".repeat(40_000) })).rejects.toThrow(
      "metadata_too_large",
    );
    await world.send("é".repeat(512), "x", { idempotencyKey: "k".repeat(4_096) });
  });

  it("keeps lanes apart", async () => {
    await world.agent("gpu", { tag: "gpu-$workspace", workspace: "acme" });
    await world.send("c", "x", { agentKey: "gpu" });
    expect(await world.claim("w1")).toBeNull();
    expect(await world.t.query(world.lib.hasQueuedJobsForConversation, { conversationId: "c" })).toBe(true);
    await expect(world.send("d", "x", { tag: "job-$args[kind]" })).rejects.toThrow("does not resolve");
  });

  it("has one look for any number of conversations that become ready together, and none for those behind them", async () => {
    const rows = () =>
      world.t.run(async (ctx) => ({
        alarms: await ctx.db.query("alarms").collect(),
        lines: await ctx.db.query("lines").collect(),
      }));
    for (let i = 0; i < 20; i += 1) await world.send(`c${i}`, "x");
    // Simultaneous arrivals cannot see each other without conflicting, so each makes sure of a look; the first one takes all.
    expect((await rows()).alarms).toHaveLength(20);
    await world.pass(250);
    const after = await rows();
    expect(after.alarms.map(({ kind }) => kind)).toEqual(["look"]);
    expect(after.lines).toHaveLength(1);
    await world.pass(250);
    for (let i = 20; i < 40; i += 1) await world.send(`c${i}`, "x");
    expect(await rows()).toEqual(after);
  });
});
