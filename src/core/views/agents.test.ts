import { describe, expect, it, vi } from "vitest";
import { userAgents } from "../../../test/component/userAgents.js";
import { START, useWorld } from "../../../test/component/world.js";
import { api } from "../../component/_generated/api.js";

const world = useWorld();
const { lib } = api;
const { bind, say, agent, overview, answer } = userAgents(world);

describe("a user's agent", () => {
  it("goes from draft over pairing to active, and its states are stored, not computed from the clock", async () => {
    const who = { consumerUserId: "alice", agentKey: "default" };
    expect(await agent("alice", "default")).toEqual({
      ...who,
      displayName: null,
      telegramUsername: null,
      version: "1.0.0",
      status: "draft",
      bindingStatus: null,
      pairingStatus: null,
      conversationId: null,
      canCreateNewAgent: true,
      canDisable: false,
      canChat: false,
      canManagePushJobs: false,
    });
    expect(await agent("alice", "nobody")).toBeNull();
    await world.t.mutation(lib.createPairingCode, { ...who, ttlMs: 60_000 });
    expect(await agent("alice", "default")).toMatchObject({ status: "pairing", pairingStatus: "pending" });
    vi.setSystemTime(START + 61_000);
    expect(await agent("alice", "default")).toMatchObject({ status: "pairing" });
    await world.pass(60_000, 30_000);
    expect(await agent("alice", "default")).toMatchObject({ status: "draft", pairingStatus: "expired" });
    await bind("alice", "default", "77", { displayName: "Ada", telegramUsername: "claimed_by_the_user" });
    expect(await agent("alice", "default")).toMatchObject({
      status: "active",
      displayName: "Ada",
      telegramUsername: null,
      bindingStatus: "active",
      pairingStatus: "used",
      conversationId: "telegram:77",
      canCreateNewAgent: false,
      canDisable: true,
      canChat: true,
      canManagePushJobs: true,
    });
    await world.agent("default", { enabled: false });
    expect(await agent("alice", "default")).toMatchObject({ status: "failed", canChat: false });
    await world.agent("default");
    await world.t.mutation(lib.revokeUserAgentBinding, { consumerUserId: "alice" });
    expect(await agent("alice", "default")).toMatchObject({
      status: "disabled",
      bindingStatus: "revoked",
      pairingStatus: "expired",
      conversationId: "telegram:77",
      canCreateNewAgent: true,
    });
  });

  it("shows the bot's name as Telegram confirmed it", async () => {
    const secretRef = "telegram.botToken.default";
    await world.agent("default", { secretsRef: [secretRef] });
    const { version } = await world.t.mutation(lib.importSecret, { secretRef, plaintextValue: "123:abc" });
    await bind("alice", "default", "77");
    expect(await agent("alice", "default")).toMatchObject({ telegramUsername: null });
    await world.t.run(async (ctx) => {
      await ctx.db.insert("channelAccounts", {
        channel: "telegram",
        accountId: "123",
        username: "ada_bot",
        agentKey: "default",
        webhookUrl: "https://x/telegram/webhook",
        verifiedAt: START,
      });
      await ctx.db.insert("channelCredentials", {
        ...{ channel: "telegram", secretRef, accountId: "123", verifiedVersion: version },
      });
    });
    expect(await agent("alice", "default")).toMatchObject({ telegramUsername: "ada_bot" });
  });
});

describe("a user's agents", () => {
  it("are listed newest binding first, then what waits for pairing", async () => {
    for (const key of ["a", "b", "c", "d"]) await world.agent(key);
    expect(await overview("alice")).toEqual({ agents: [], activeAgentKey: null, canCreateNewAgent: true });
    for (const [n, key] of ["b", "a", "b", "c"].entries()) {
      vi.setSystemTime(START + n);
      await bind("alice", key);
    }
    await world.t.mutation(lib.createPairingCode, { consumerUserId: "alice", agentKey: "d" });
    const { agents, activeAgentKey, canCreateNewAgent } = await overview("alice");
    expect(agents.map(({ agentKey, status }) => [agentKey, status])).toEqual([
      ["c", "active"],
      ["b", "disabled"],
      ["a", "disabled"],
      ["d", "pairing"],
    ]);
    expect([activeAgentKey, canCreateNewAgent]).toEqual(["c", false]);
    const enabled = await world.t.query(lib.listUserAgents, {
      consumerUserId: "alice",
      includeDisabled: false,
    });
    expect(enabled.map(({ agentKey }) => agentKey)).toEqual(["c", "d"]);
    const active = await world.t.query(lib.getActiveUserAgent, { consumerUserId: "alice" });
    expect(active).toEqual(agents[0]);
    expect(await world.t.query(lib.getActiveUserAgent, { consumerUserId: "bob" })).toBeNull();
  });

  it("cost reads in proportion to that user's agents, not to bindings, codes or other users", async () => {
    const reads = (consumerUserId: string) =>
      world.t.run(async (ctx) => {
        const result = await ctx.runQuery(lib.getUserAgentsOverview, { consumerUserId });
        const { documentsRead } = await ctx.meta.getTransactionMetrics();
        return [result.agents.length, documentsRead.used] as const;
      });
    for (let n = 0; n < 10; n++) {
      await world.agent(`agent${n}`);
      await bind("alice", `agent${n}`, "77");
    }
    const [count, used] = await reads("alice");
    expect(count).toBe(10);
    expect(used).toBeGreaterThanOrEqual(20);
    expect(used).toBeLessThanOrEqual(10 * 5 + 5);
    for (let n = 0; n < 10; n++) {
      await bind(`other${n}`, "agent1", `${1000 + n}`);
      await bind("alice", `agent${n % 10}`, "77");
    }
    await say("alice", "agent9", "hello");
    expect(await reads("alice")).toEqual([10, used]);
    await world.complete("w", await world.mustClaim("w"));
  });
});

describe("snapshots of a user's agent", () => {
  it("are those of the pair's conversation, newest first, with URLs for the host alone", async () => {
    await bind("alice", "default", "77");
    const save = (conversationId: string, createdAt: number, status: "ready" | "failed") =>
      world.t.run(async (ctx) => {
        const archiveFileId = status === "ready" ? await ctx.storage.store(new Blob(["x"])) : undefined;
        await ctx.db.insert("dataSnapshots", {
          workspaceId: "default",
          agentKey: "default",
          workerId: "w",
          conversationId,
          reason: "drain",
          formatVersion: 1,
          generation: 1,
          turnCount: 1,
          archiveFileId,
          sizeBytes: 1,
          sha256: "ab",
          status,
          createdAt,
          expiresAt: START * 2,
        });
      });
    await save("telegram:77", START + 1, "ready");
    await save("telegram:77", START + 2, "failed");
    await save("telegram:88", START + 3, "ready");
    const pair = { consumerUserId: "alice", agentKey: "default" };
    const list = (args: object = {}) => world.t.query(lib.listSnapshotsForUserAgent, { ...pair, ...args });
    expect(
      (await list()).map(({ createdAt, status, downloadUrl }) => [createdAt, status, downloadUrl]),
    ).toEqual([
      [START + 2, "failed", null],
      [START + 1, "ready", null],
    ]);
    expect((await list({ before: START + 2 })).map(({ createdAt }) => createdAt)).toEqual([START + 1]);
    expect((await list({ includeDownloadUrls: true })).map(({ downloadUrl }) => downloadUrl)).toEqual([
      null,
      expect.stringMatching(/^http/),
    ]);
    expect(await world.t.query(lib.getLatestSnapshotForUserAgent, pair)).toMatchObject({
      createdAt: START + 2,
    });
    // Whoever has the chat next starts with none.
    await bind("bob", "default", "77");
    const bobs = { consumerUserId: "bob", agentKey: "default" };
    expect(await world.t.query(lib.listSnapshotsForUserAgent, bobs)).toEqual([]);
    expect(await world.t.query(lib.getLatestSnapshotForUserAgent, bobs)).toBeNull();
    expect(await list()).toHaveLength(2);
  });
});

describe("stats", () => {
  it("merge pushes and conversation, with zeros for an agent that is not active", async () => {
    await world.agent("a");
    await bind("alice", "default", "77");
    await say("alice", "default", "one");
    await answer("w", "two");
    await world.t.mutation(lib.createPushJobCustom, {
      companyId: "default",
      consumerUserId: "alice",
      title: "t",
      text: "t",
      periodicity: "manual",
      timezone: "UTC",
      schedule: { kind: "manual" },
    });
    const usage = (agentKey: string) =>
      world.t.query(lib.getUserAgentUsageStats, { consumerUserId: "alice", agentKey });
    const pushes = { totalPushJobs: 1, activePushJobs: 1, totalDispatches: 0, latestDispatchAt: null };
    expect(await usage("default")).toEqual({
      ...pushes,
      contextMessages: 2,
      queuedMessages: 0,
      failedMessages: 0,
    });
    const pair = { consumerUserId: "alice", agentKey: "default" };
    expect(await world.t.query(lib.getUserAgentPushStats, pair)).toEqual(pushes);
    await bind("alice", "a", "77");
    expect(await usage("default")).toEqual({
      ...pushes,
      contextMessages: 0,
      queuedMessages: 0,
      failedMessages: 0,
    });
  });
});
