import { describe, expect, it, vi } from "vitest";
import { bind, queued, unbind } from "../../../test/component/people.js";
import { START, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";
import { deliverBatch } from "./broadcastRun.js";
import { sweepPushes } from "./sweep.js";

const world = useWorld();
const MINUTE_MS = 60_000;

const send = (companyId = "acme") =>
  world.t.mutation(world.lib.sendBroadcastToAllActiveAgents, {
    ...{ companyId, title: "News", text: "We moved.", requestedBy: "boss" },
  });
const get = (broadcastId: string) => world.t.query(world.lib.getBroadcast, { broadcastId });
const acts = () =>
  world.t.run(async (ctx) =>
    (await ctx.db.query("auditLog").collect()).map(({ kind, actor }) => [kind, actor]),
  );

/** Many bound users at once; `bindUserAgent` one by one would be the slow part. */
const bindMany = (count: number, workspace = "default") =>
  world.t.run(async (ctx) => {
    for (let n = 0; n < count; n += 1) {
      await ctx.db.insert("identityBindings", {
        ...{ consumerUserId: `u${n}`, agentKey: "default", workspace, source: "api", boundAt: START },
        ...{ status: "active", channel: "telegram", chatId: `chat-${n}`, userId: `tg-${n}` },
      });
    }
  });
/** Lets the workflow work until the broadcast is over. */
async function finish(broadcastId: string) {
  for (let step = 0; step < 400; step += 1) {
    const broadcast = await get(broadcastId);
    if (broadcast?.status !== "running") return broadcast;
    await world.pass(250);
  }
  throw new Error("the broadcast does not end");
}

describe("a broadcast", () => {
  it("goes to the chats of bound users, and is counted and audited at once when it is small", async () => {
    await bind(world, "u1");
    await bind(world, "u2", { chat: false });
    await bind(world, "u3");
    await unbind(world, "u3");
    const { broadcastId, ...counts } = await send();
    expect(counts).toEqual({ totalTargets: 2, enqueued: 2, failed: 0 });
    expect((await queued(world)).map(({ payload }) => payload)).toMatchObject([
      {
        provider: "telegram",
        providerUserId: "tg-u1",
        messageText: "News\n\nWe moved.",
        metadata: {
          broadcastId,
          runKey: `broadcast:${broadcastId}:default:u1`,
          adminInitiated: "true",
          companyId: "acme",
          telegramChatId: "chat-u1",
        },
      },
      { provider: "system_push", providerUserId: "u2" },
    ]);
    expect(await get(broadcastId)).toMatchObject({
      status: "done",
      totalTargets: 2,
      requestedBy: "boss",
      requestedAt: START,
      completedAt: START,
      failures: [],
    });
    expect(await acts()).toEqual(
      expect.arrayContaining([
        ["broadcast.requested", "user:boss"],
        ["broadcast.done", "component"],
      ]),
    );
    expect(await world.t.mutation(world.lib.cancelBroadcast, { broadcastId })).toBe(false);
    expect(await get("none")).toBeNull();
  });

  it("reaches its own workspace alone, and `default` only while no agent is anywhere else", async () => {
    await bind(world, "u1");
    await world.agent("a", { workspace: "acme" });
    await world.agent("b", { workspace: "rival" });
    await bind(world, "u2", { agentKey: "a", workspace: "acme" });
    await bind(world, "u3", { agentKey: "b", workspace: "rival" });
    const reached = async (companyId: string) => {
      const before = (await queued(world)).length;
      const { totalTargets } = await send(companyId);
      const users = (await queued(world)).slice(before).map(({ payload }) => payload.providerUserId);
      expect(users).toHaveLength(totalTargets);
      return users;
    };
    expect(await reached("acme")).toEqual(["tg-u2"]);
    expect(await reached("rival")).toEqual(["tg-u3"]);
    expect(await reached("default")).toEqual(["tg-u1"]);
    expect(await reached("nobody")).toEqual([]);
    const listed = await world.t.query(world.lib.listBroadcasts, { companyId: "acme" });
    expect(listed).toHaveLength(1);
  });

  it("leaves out disabled agents, and records whom it could not reach", async () => {
    await world.agent("off");
    await bind(world, "u1", { agentKey: "off" });
    await bind(world, "u2");
    await bind(world, "u3");
    await world.agent("off", { enabled: false });
    // Somebody else's conversation stands where the message should go.
    await world.agent("squatter");
    await world.send("user:u2", "x", { agentKey: "squatter" });
    await world.send("user-agent:7:default:u2", "x", { agentKey: "squatter" });
    const { broadcastId, ...counts } = await send();
    expect(counts).toEqual({ totalTargets: 2, enqueued: 1, failed: 1 });
    expect((await get(broadcastId))?.failures).toMatchObject([
      {
        ...{ consumerUserId: "u2", agentKey: "default" },
        error: expect.stringContaining("is already bound to agent 'squatter'"),
      },
    ]);
  });

  it("refuses a blank text", async () => {
    await expect(
      world.t.mutation(world.lib.sendBroadcastToAllActiveAgents, {
        ...{ companyId: "acme", title: " ", text: "", requestedBy: "boss" },
      }),
    ).rejects.toThrow("text must not be blank");
  });
});

describe("a large broadcast", () => {
  it(
    "reaches 500 once each, although every batch is interrupted, repeated and doubled",
    { timeout: 120_000 },
    async () => {
      await bindMany(500);
      const started = await send();
      expect(started).toMatchObject({ totalTargets: 100, enqueued: 100, failed: 0 });
      const broadcastId = await world.t.run(async (ctx) =>
        ctx.db.normalizeId("messagePushBroadcasts", started.broadcastId)!,
      );
      const perTarget: number[] = [];
      await expect(
        world.t.run(async (ctx) => {
          await deliverBatch(ctx, broadcastId);
          throw new Error("killed");
        }),
      ).rejects.toThrow("killed");
      // A second run beside the workflow's, as after a restart by the sweep.
      await world.t.run(async (ctx) => {
        await deliverBatch(ctx, broadcastId);
        perTarget.push((await ctx.meta.getTransactionMetrics()).databaseQueries.used / 100);
      });
      // A batch whose progress was lost: everybody in it is met again.
      await world.t.run(async (ctx) => {
        const row = (await ctx.db.get(broadcastId))!;
        await ctx.db.patch(broadcastId, {
          cursor: { workspaces: ["default"] },
          totalTargets: row.totalTargets,
        });
      });
      const done = await finish(broadcastId);
      expect(done).toMatchObject({ status: "done", totalTargets: 500, enqueued: 500, failed: 0 });
      const users = (await queued(world)).map(({ payload }) => payload.providerUserId);
      expect(users).toHaveLength(500);
      expect(new Set(users).size).toBe(500);
      expect(Math.max(...perTarget)).toBeLessThan(20);
      // The workflow has cleaned up after itself.
      await world.pass(1_000);
      expect(await workflowRows()).toBe(0);
    },
  );

  it("takes on fewer at once where their bindings hold much", async () => {
    const long = "x".repeat(900_000);
    await bindMany(8);
    for (let n = 0; n < 8; n += 1)
      await world.t.run(async (ctx) => {
        const rows = await ctx.db.query("identityBindings").collect();
        const row = rows.find(({ consumerUserId }) => consumerUserId === `u${n}`);
        if (row) await ctx.db.patch(row._id, { metadata: { long } });
      });
    expect((await send()).totalTargets).toBe(5);
  });

  it("stops before the next batch when it is canceled, and forgets whoever was bound later", async () => {
    await bindMany(150);
    const { broadcastId } = await send();
    expect(await world.t.mutation(world.lib.cancelBroadcast, { broadcastId, actorUserId: "boss" })).toBe(
      true,
    );
    await world.pass(5_000);
    expect(await get(broadcastId)).toMatchObject({ status: "canceled", totalTargets: 100 });
    expect(await queued(world)).toHaveLength(100);
    expect(await acts()).toContainEqual(["broadcast.canceled", "user:boss"]);
    const second = await send();
    vi.advanceTimersByTime(1);
    await bind(world, "late");
    expect(await finish(second.broadcastId)).toMatchObject({ status: "done", totalTargets: 150 });
  });

  it("is started again by the sweep when its run was lost, and says so when it broke off", async () => {
    await bindMany(250);
    const { broadcastId } = await send();
    vi.clearAllTimers();
    vi.setSystemTime(START + 11 * MINUTE_MS);
    expect(await world.t.run((ctx) => sweepPushes(ctx))).toBe(1);
    expect(await world.t.run((ctx) => sweepPushes(ctx))).toBe(0);
    // The engine's own timers were lost with the rest; the batch is what a run does.
    const id = await world.t.run(async (ctx) => ctx.db.normalizeId("messagePushBroadcasts", broadcastId)!);
    expect(await world.t.mutation(internal.broadcasts.deliverBatch, { broadcastId: id })).toBe(true);
    const ended = {
      workflowId: await world.t.run(async (ctx) => {
        const { start } = await import("@convex-dev/workflow");
        return await start(ctx, internal.broadcasts.broadcastV1, { broadcastId: id });
      }),
      result: { kind: "failed" as const, error: "journal too large" },
      context: { broadcastId: id },
    };
    await world.t.mutation(internal.broadcasts.endRun, ended);
    expect(await get(broadcastId)).toMatchObject({ status: "failed", error: "journal too large" });
    expect(await acts()).toContainEqual(["broadcast.failed", "component"]);
  });
});

describe("message templates", () => {
  const create = (fields: object = {}) =>
    world.t.mutation(world.lib.createMessageTemplate, {
      ...{ companyId: "acme", templateKey: "welcome", title: "Welcome", text: "Hello!", actorUserId: "boss" },
      ...fields,
    });
  const list = (fields: object = {}) =>
    world.t.query(world.lib.listMessageTemplatesByCompany, { companyId: "acme", ...fields });
  const sendTo = (templateId: string, consumerUserId: string, agentKey = "default") =>
    world.t.mutation(world.lib.sendMessageTemplateToUserAgent, { templateId, consumerUserId, agentKey });

  it("are a company's own, with one row per key", async () => {
    const id = await create();
    await create({ companyId: "rival" });
    await expect(create()).rejects.toThrow("Template key 'welcome' already exists for company");
    expect(await list()).toMatchObject([{ _id: id, text: "Hello!", createdBy: "boss", enabled: true }]);
    const update = { templateId: id, text: "Hi!", enabled: false, actorUserId: "clerk" };
    expect(await world.t.mutation(world.lib.updateMessageTemplate, update)).toBe(true);
    expect(await list()).toEqual([]);
    expect(await list({ includeDisabled: true })).toMatchObject([{ text: "Hi!", updatedBy: "clerk" }]);
    await bind(world, "u1");
    await expect(sendTo(id, "u1")).rejects.toThrow("Message template is disabled");
    expect(await world.t.mutation(world.lib.deleteMessageTemplate, { templateId: id })).toBe(true);
    expect(await world.t.mutation(world.lib.deleteMessageTemplate, { templateId: id })).toBe(false);
    await expect(sendTo(id, "u1")).rejects.toThrow("Message template not found");
  });

  it("go to the chat of the user's active agent, of that company", async () => {
    const id = await create();
    await bind(world, "u1");
    await sendTo(id, "u1");
    expect((await queued(world))[0]?.payload).toMatchObject({
      ...{ provider: "telegram", providerUserId: "tg-u1", messageText: "Hello!" },
      metadata: { source: "message_template", messageTemplateId: id, consumerUserId: "u1" },
    });
    const none = "No active binding found for consumerUserId and agentKey";
    await expect(sendTo(id, "u1", "other")).rejects.toThrow(none);
    await expect(sendTo(id, "u2")).rejects.toThrow(none);
    await world.agent("b", { workspace: "rival" });
    await bind(world, "u3", { agentKey: "b", workspace: "rival" });
    await expect(sendTo(id, "u3", "b")).rejects.toThrow(none);
  });
});

/** Rows that the nested workflow engine holds. */
async function workflowRows(): Promise<number> {
  const runtime = world.t as unknown as {
    runInComponent<T>(
      path: string,
      body: (ctx: { db: { query(table: string): { collect(): Promise<T[]> } } }) => Promise<T[]>,
    ): Promise<T[]>;
  };
  return (await runtime.runInComponent("workflow", (ctx) => ctx.db.query("workflows").collect())).length;
}
