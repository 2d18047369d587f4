/** Bindings and messages of any size: what is new is refused, what is there already is read within a transaction's bytes. */
import { describe, expect, it } from "vitest";
import { internal } from "../../component/_generated/api.js";
import { errorDataOf } from "../../contract/errors.js";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const HALF_MEBIBYTE = { note: "x".repeat(512 * 1024) };
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "accepted",
    (error: unknown) => errorDataOf(error)?.code,
  );

/** As they were accepted before there was a bound: twice what a transaction may read. */
async function largeBindings(fields: (n: number) => { consumerUserId: string; agentKey: string }) {
  for (let n = 0; n < 64; n += 1) {
    await world.t.run((ctx) =>
      ctx.db.insert("identityBindings", {
        workspace: "default",
        status: "active",
        source: "api",
        channel: "telegram",
        userId: "7",
        chatId: "-7",
        accountId: "1",
        metadata: HALF_MEBIBYTE,
        boundAt: n,
        ...fields(n),
      }),
    );
  }
}

describe("a binding", () => {
  it.each([
    ["metadata_too_large", { metadata: HALF_MEBIBYTE }],
    ["invalid_argument", { consumerUserId: "u".repeat(2_000) }],
    ["invalid_argument", { telegramUserId: "7".repeat(2_000) }],
    ["accepted", { metadata: { note: "x".repeat(1_000) } }],
  ])("is %s for %o", async (code, fields) => {
    const args = { consumerUserId: "u1", agentKey: "default", ...fields };
    expect(await codeOf(world.t.mutation(world.lib.bindUserAgent, args))).toBe(code);
  });

  it("of a user with many large ones is listed and replaced", async () => {
    const { t, lib } = world;
    await largeBindings((n) => ({ consumerUserId: "u1", agentKey: `a${n}` }));
    const { agents } = await t.query(lib.getUserAgentsOverview, { consumerUserId: "u1" });
    expect(agents.length).toBeLessThan(64);
    await t.mutation(lib.bindUserAgent, { consumerUserId: "u1", agentKey: "default", telegramUserId: "7" });
    expect((await t.query(lib.getUserAgentBinding, { consumerUserId: "u1" }))?.agentKey).toBe("default");
  });

  it("of an agent with many large ones gives nobody its token, and its group moves", async () => {
    const { t, lib } = world;
    await largeBindings((n) => ({ consumerUserId: `u${n}`, agentKey: "default" }));
    const token = { agentKey: "default", plaintextValue: "7700123456:AAbot-token_0123456789abcdefghij" };
    expect(
      await codeOf(t.mutation(lib.importTelegramTokenForAgent, { consumerUserId: "u1", ...token })),
    ).toBe("telegram_token_not_allowed");
    await t.mutation(internal.people.migrateChat, {
      channel: "telegram",
      accountId: "1",
      fromChatId: "-7",
      toChatId: "-8",
    });
  });
});

describe("a message", () => {
  it.each([
    ["invalid_argument", { conversationId: "c".repeat(2_000) }, {}],
    ["invalid_argument", { idempotencyKey: "k".repeat(5_000) }, {}],
    ["metadata_too_large", {}, { externalMessageId: "x".repeat(600_000) }],
    ["metadata_too_large", {}, { provider: "x".repeat(600_000) }],
    ["metadata_too_large", {}, { providerUserId: "x".repeat(600_000) }],
  ])("is refused with %s, whichever of its fields is too long", async (code, fields, payload) => {
    const call = world.t.mutation(world.lib.enqueue, {
      conversationId: "c1",
      agentKey: "default",
      ...fields,
      payload: { provider: "app", providerUserId: "u1", messageText: "hi", ...payload },
    });
    expect(await codeOf(call)).toBe(code);
  });
});
