/** What a user says of a message of their own: the text is theirs, where its answer goes is not. */
import { beforeEach, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const STRANGER = "666";
const lies = {
  provider: "telegram",
  providerUserId: STRANGER,
  externalMessageId: "17",
  rawUpdateJson: JSON.stringify({ message: { chat: { id: 666 } } }),
  metadata: {
    telegramChatId: STRANGER,
    telegramThreadId: "5",
    telegramMessageId: "17",
    TelegramUserId: STRANGER,
    consumerUserId: "bob",
    source: "host",
    region: "theirs",
    locale: "it",
  },
};
const write = (conversationId: string, agentKey = "default") =>
  world.t.mutation(world.lib.enqueue, {
    conversationId,
    agentKey,
    asUser: "ann",
    payload: { messageText: "hi", ...lies },
  });
const stored = () => world.t.run((ctx) => ctx.db.query("messageQueue").order("desc").first());

beforeEach(async () => {
  await world.agent("default");
});

it("a user without a chat has the answer in the app, and keeps what routes nothing", async () => {
  await write("user:ann");
  expect((await stored())?.payload).toEqual({
    provider: "app",
    providerUserId: "ann",
    messageText: "hi",
    externalMessageId: "17",
    // No lane of this agent comes from it.
    metadata: { region: "theirs", locale: "it", consumerUserId: "ann", providerUserId: "ann" },
  });
});

it.each([
  [100, 30],
  [10, 10],
  [undefined, 30],
])(
  "a user who asks for the priority %s gets %s: longer waits than the usual one, no shorter",
  async (priority, got) => {
    await world.t.mutation(world.lib.setPolicies, { policies: { queue: { defaultPriority: 30 } } });
    const message = { conversationId: "user:ann", agentKey: "default", priority };
    const payload = { messageText: "hi", ...lies };
    await world.t.mutation(world.lib.enqueue, { ...message, asUser: "ann", payload });
    expect((await stored())?.priority).toBe(got);
  },
);

it("a user with a chat has it there when they write in the conversation of that chat, and in no other", async () => {
  const chat = { telegramUserId: "42", telegramChatId: "43" };
  await world.t.mutation(world.lib.bindUserAgent, { consumerUserId: "ann", agentKey: "default", ...chat });
  const [agent] = await world.t.query(world.lib.listUserAgents, { consumerUserId: "ann" });
  await write(agent?.conversationId ?? "");
  expect((await stored())?.payload).toEqual({
    provider: "telegram",
    providerUserId: "42",
    messageText: "hi",
    metadata: { region: "theirs", locale: "it", consumerUserId: "ann", ...chat, providerUserId: "42" },
  });
  await write("user:ann");
  expect((await stored())?.payload).toMatchObject({ provider: "app", providerUserId: "ann" });
  await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "ann" });
  await write(agent?.conversationId ?? "");
  expect((await stored())?.payload).toMatchObject({ provider: "app", providerUserId: "ann" });
});

it("what an agent takes its lane from is the host's word on the binding", async () => {
  await world.agent("regional", { tag: "tag-$args[region]" });
  await expect(write("user:ann", "regional")).rejects.toThrow(/does not resolve/);
  await world.t.mutation(world.lib.bindUserAgent, {
    consumerUserId: "ann",
    agentKey: "regional",
    metadata: { region: "eu" },
  });
  await write("user:ann", "regional");
  expect(await stored()).toMatchObject({ lane: "tag-eu", payload: { metadata: { region: "eu" } } });
});

it("neither do they choose a lane or a place by what they send to their agent, while the host may", async () => {
  await world.agent("regional", { tag: "tag-$args[region]" });
  const bound = { consumerUserId: "ann", agentKey: "regional" };
  await world.t.mutation(world.lib.bindUserAgent, { ...bound, metadata: { region: "eu" } });
  const send = (saidByUser?: boolean) =>
    world.t.mutation(world.lib.sendMessageToUserAgent, {
      ...bound,
      content: "hi",
      metadata: lies.metadata,
      ...(saidByUser !== undefined && { saidByUser }),
    });
  await send(true);
  expect(await stored()).toMatchObject({
    lane: "tag-eu",
    payload: {
      metadata: {
        region: "eu",
        locale: "it",
        consumerUserId: "ann",
        source: "user_agent_api",
        providerUserId: "ann",
      },
    },
  });
  expect((await stored())?.payload.metadata).not.toHaveProperty("telegramThreadId");
  await send();
  expect(await stored()).toMatchObject({ lane: "tag-theirs" });
});
