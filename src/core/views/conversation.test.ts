import { describe, expect, it } from "vitest";
import { textsOf, userAgents } from "../../../test/component/userAgents.js";
import { START, useWorld } from "../../../test/component/world.js";
import { api } from "../../component/_generated/api.js";

const world = useWorld();
const { lib } = api;
const { bind, say, view, items, answer } = userAgents(world);

describe("a conversation", () => {
  it("is empty without an error where nothing was said", async () => {
    expect(await view("alice", "default")).toEqual({
      conversationId: "user:alice",
      contextHistory: [],
      pendingToolCalls: [],
      queueItems: [],
      hasQueuedJobs: false,
      latestMessageId: null,
      lastUserMessageAt: null,
      lastAssistantMessageAt: null,
      nextBefore: null,
    });
    expect(await items("alice", "default")).toEqual([]);
  });

  it("shows history, messages and what waits", async () => {
    await bind("alice", "default", "77");
    await say("alice", "default", "one");
    await answer("w", "first answer");
    const second = await say("alice", "default", "two");
    const shown = await view("alice", "default");
    expect(shown).toMatchObject({
      conversationId: "telegram:77",
      hasQueuedJobs: true,
      latestMessageId: second,
      nextBefore: null,
    });
    expect(shown.contextHistory.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "user: one",
      "assistant: first answer",
    ]);
    expect(shown.queueItems.map(({ status, payload }) => [status, payload.messageText])).toEqual([
      ["queued", "two"],
      ["done", "one"],
    ]);
    expect(shown.lastUserMessageAt).toBe(shown.contextHistory[0]?.at);
    expect(shown.lastAssistantMessageAt).toBe(shown.contextHistory[1]?.at);
    await answer("w", "second answer");
    expect(await view("alice", "default")).toMatchObject({ hasQueuedJobs: false });
    await world.t.mutation(lib.enqueue, {
      conversationId: "telegram:77",
      agentKey: "default",
      scheduledFor: START + 3_600_000,
      payload: { provider: "app", providerUserId: "alice", messageText: "later" },
    });
    expect(await view("alice", "default")).toMatchObject({ hasQueuedJobs: true });
  });

  it("gives the newest 200 turns, and older ones page by page without gaps or repeats", async () => {
    await bind("alice", "default", "77");
    for (let n = 0; n < 450; n += 90) {
      const messages = Array.from({ length: 90 }, (_, i) => ({
        role: i % 2 === 0 ? ("user" as const) : ("assistant" as const),
        content: `t${n + i}`,
        at: START + n + i,
      }));
      if (n === 0) await say("alice", "default", "hello");
      await world.t.mutation(lib.appendConversationMessages, { conversationId: "telegram:77", messages });
    }
    const first = await view("alice", "default");
    expect([first.contextHistory.length, first.contextHistory.at(-1)?.content]).toEqual([200, "t449"]);
    expect(first.contextHistory[0]?.content).toBe("t250");
    const second = await view("alice", "default", { before: first.nextBefore ?? 0 });
    const third = await view("alice", "default", { before: second.nextBefore ?? 0 });
    const all = [...third.contextHistory, ...second.contextHistory, ...first.contextHistory];
    expect(all.map(({ content }) => content)).toEqual(Array.from({ length: 450 }, (_, n) => `t${n}`));
    expect(third.nextBefore).toBeNull();
    expect(third.lastAssistantMessageAt).toBe(START + 449);
    await world.complete("w", await world.mustClaim("w"));
  });

  it("stays within what a transaction may read when turns and messages are very long", async () => {
    await bind("alice", "default", "77");
    const long = "語".repeat(80_000);
    for (let n = 0; n < 20; n++) {
      await say("alice", "default", long);
      const messages = [{ role: "user" as const, content: long }];
      await world.t.mutation(lib.appendConversationMessages, { conversationId: "telegram:77", messages });
    }
    const shown = await view("alice", "default");
    expect([shown.contextHistory.length, shown.queueItems.length]).toEqual([12, 12]);
    const stats = await world.t.query(lib.getUserAgentConversationStats, {
      consumerUserId: "alice",
      agentKey: "default",
    });
    expect(stats.contextMessages).toBe(20);
    expect(stats.queuedMessages).toBeGreaterThanOrEqual(12);
  });
});

describe("queue items", () => {
  it("are chosen by status before the limit, and page by their creation", async () => {
    await bind("alice", "default", "77");
    for (const text of ["dead", "done 1", "done 2"]) await say("alice", "default", text);
    const job = await world.mustClaim("w");
    await world.t.mutation(lib.settle, {
      ...world.lease("w", job),
      outcome: { kind: "fail", errorMessage: "boom", retryable: false },
    });
    await world.complete("w", await world.mustClaim("w"));
    await world.complete("w", await world.mustClaim("w"));
    for (let n = 0; n < 6; n++) await say("alice", "default", `waits ${n}`);
    const held = await world.mustClaim("w");
    const list = (args: Parameters<typeof items>[2]) => items("alice", "default", args);
    expect(textsOf(await list({ statuses: ["dead_letter"], limit: 1 }))).toEqual(["dead"]);
    expect(textsOf(await list({ statuses: ["done"], limit: 1 }))).toEqual(["done 2"]);
    expect(textsOf(await list({ statuses: ["processing"] }))).toEqual(["waits 0"]);
    expect(textsOf(await list({ statuses: ["queued"], limit: 2 }))).toEqual(["waits 5", "waits 4"]);
    expect(textsOf(await list({ statuses: ["queued"] }))).not.toContain("waits 0");
    expect(await list({ statuses: ["failed"] })).toEqual([]);
    expect(await list({ statuses: [] })).toEqual([]);
    const all = await list({});
    expect(all).toHaveLength(9);
    const paged: typeof all = [];
    for (let before: number | undefined; ; before = paged.at(-1)?._creationTime) {
      const page = await list({ limit: 2, before });
      paged.push(...page);
      if (page.length < 2) break;
    }
    expect(paged).toEqual(all);
    expect(
      await world.t.query(lib.getUserAgentConversationStats, {
        consumerUserId: "alice",
        agentKey: "default",
      }),
    ).toEqual({
      contextMessages: 0,
      queuedMessages: 6,
      failedMessages: 1,
    });
    await world.complete("w", held);
    expect(await list({ statuses: ["processing"] })).toEqual([]);
  });
});

describe("sending", () => {
  it("goes to the chat of the binding, with metadata that the caller cannot forge", async () => {
    await bind("alice", "default", "77");
    await world.t.mutation(lib.sendMessageToUserAgent, {
      consumerUserId: "alice",
      agentKey: "default",
      content: "hello",
      metadata: { topic: "x", consumerUserId: "mallory", source: "telegram", telegramChatId: "666" },
    });
    const job = await world.mustClaim("w");
    expect(job).toMatchObject({ conversationId: "telegram:77", agentKey: "default" });
    expect(job.payload).toMatchObject({
      provider: "telegram",
      providerUserId: "77",
      messageText: "hello",
      metadata: {
        topic: "x",
        consumerUserId: "alice",
        source: "user_agent_api",
        telegramChatId: "77",
        telegramUserId: "77",
      },
    });
    await world.complete("w", job);
  });

  it("stays in the app where there is no chat", async () => {
    await bind("bob", "default");
    await say("bob", "default", "hello");
    const job = await world.mustClaim("w");
    expect(job).toMatchObject({
      conversationId: "user:bob",
      payload: { provider: "system_push", providerUserId: "bob" },
    });
    await world.complete("w", job);
  });

  it("needs the agent to be the user's active one", async () => {
    const refused = {
      data: { code: "push_no_binding", message: "No active binding found for consumerUserId and agentKey" },
    };
    await expect(say("alice", "default", "x")).rejects.toMatchObject(refused);
    await world.agent("a");
    await bind("alice", "default", "77");
    await bind("alice", "a", "77");
    await expect(say("alice", "default", "x")).rejects.toMatchObject(refused);
    await world.agent("a", { enabled: false });
    await expect(say("alice", "a", "x")).rejects.toMatchObject({ data: { code: "agent_not_found" } });
  });
});

describe("one user never sees another's memory", () => {
  it("when a chat, an account or an agent changes hands, and each finds their own again", async () => {
    await world.agent("a");
    await bind("alice", "default", "77");
    await say("alice", "default", "alice's secret");
    await answer("w", "kept, alice");
    await bind("bob", "default", "77");
    await say("bob", "default", "bob's question");
    const job = await world.mustClaim("w", { hydrate: true });
    expect(job.conversationId).not.toBe("telegram:77");
    expect(job.payload.metadata?.telegramChatId).toBe("77");
    expect(job.hydration?.conversationState.contextHistory).toEqual([]);
    await world.complete("w", job);
    const bobs = await view("bob", "default");
    expect(JSON.stringify([bobs, await items("bob", "default")])).not.toContain("alice");
    const alices = await view("alice", "default");
    expect(textsOf(alices.queueItems)).toEqual(["alice's secret"]);
    expect(JSON.stringify(alices)).not.toContain("bob");
    // Alice comes back, over another agent, to her own conversation in her old chat.
    await bind("alice", "a", "77");
    await say("alice", "a", "to the other agent");
    await bind("alice", "default", "77");
    await say("alice", "default", "again");
    expect(textsOf((await view("alice", "default")).queueItems)).toEqual(["again", "alice's secret"]);
    expect(textsOf((await view("alice", "a")).queueItems)).toEqual(["to the other agent"]);
    expect(textsOf((await view("bob", "default")).queueItems)).toEqual(["bob's question"]);
    const ids = new Set([
      alices.conversationId,
      bobs.conversationId,
      (await view("alice", "a")).conversationId,
    ]);
    expect(ids.size).toBe(3);
  });

  it("nor when user ids are chosen to look like another's conversation", async () => {
    await bind("alice", "default", "77");
    await say("alice", "default", "private");
    for (const forged of ["alice:g2", "alice:default", "telegram:77", "77"]) {
      await bind(forged, "default");
      await say(forged, "default", `from ${forged}`);
      expect(textsOf((await view(forged, "default")).queueItems)).toEqual([`from ${forged}`]);
    }
    expect(textsOf((await view("alice", "default")).queueItems)).toEqual(["private"]);
  });
});
