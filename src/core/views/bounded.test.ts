/** What an app shows of a conversation is bounded in bytes, whichever field of its messages they are in. */
import { expect, it } from "vitest";
import { recordFootprint } from "../../../test/conflicts/recorder.js";
import { userAgents } from "../../../test/component/userAgents.js";
import { START, useWorld } from "../../../test/component/world.js";
import { api } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import schema from "../../component/schema.js";

const world = useWorld();
const { bind, say, view, items } = userAgents(world);

/** So many further messages of alice's conversation. */
const crowd = (count: number, status: "queued" | "done" | "dead_letter", metadataBytes: number) =>
  world.t.run(async (ctx) => {
    const conversation = (await ctx.db.query("conversations").first()) as Doc<"conversations">;
    for (let n = 0; n < count; n += 1)
      await ctx.db.insert("messageQueue", {
        conversation: conversation._id,
        conversationId: conversation.conversationId,
        workspace: "default",
        agentKey: "default",
        lane: "default",
        payload: {
          provider: "app",
          providerUserId: "alice",
          messageText: `${n}`,
          metadata: { form: "x".repeat(metadataBytes) },
        },
        status,
        priority: 50,
        dueAt: START,
        ...(status === "queued" ? {} : { endedAt: START }),
      });
  });

it("messages with little text and much metadata are shown and counted as far as one transaction reads", async () => {
  await bind("alice", "default", "77");
  await say("alice", "default", "hello");
  for (const status of ["done", "dead_letter"] as const)
    for (let round = 0; round < 3; round += 1) await crowd(100, status, 60 * 1024);
  const page = await items("alice", "default", { limit: 500 });
  expect(page.length).toBeGreaterThan(40);
  const next = await items("alice", "default", { limit: 500, before: page.at(-1)?._creationTime });
  expect(next[0]?._id).not.toBe(page.at(-1)?._id);
  expect((await view("alice", "default", { limit: 500 })).queueItems.length).toBe(page.length);
  const pair = { consumerUserId: "alice", agentKey: "default" };
  const stats = await world.t.query(api.lib.getUserAgentUsageStats, pair);
  expect(stats.failedMessages).toBeGreaterThan(20);
});

it("the message in flight is found without reading those that wait behind it", async () => {
  await bind("alice", "default", "77");
  await say("alice", "default", "first");
  const job = await world.mustClaim("w");
  await crowd(200, "queued", 10);
  const { footprint, result } = await recordFootprint(schema, () =>
    items("alice", "default", { statuses: ["processing"] }),
  );
  expect(result?.map(({ _id, status }) => [_id, status])).toEqual([[job.messageId, "processing"]]);
  expect(footprint.documentsRead).toBeLessThan(20);
  expect((await items("alice", "default", { statuses: ["queued"], limit: 500 })).length).toBe(200);
  expect((await items("alice", "default", { statuses: ["queued", "processing"], limit: 500 })).length).toBe(
    201,
  );
});
