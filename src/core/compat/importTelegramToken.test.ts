import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  pairAt,
  stubBotApi,
  tokenOf,
  withBot,
  type BotApiStub,
} from "../../../test/component/telegramBot.js";
import { useWorld } from "../../../test/component/world.js";
import { errorDataOf } from "../../contract/errors.js";

const world = useWorld();
let telegram: BotApiStub;
beforeEach(async () => {
  telegram = stubBotApi();
  await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const REF = "telegram.botToken.sales";
const ann = { consumerUserId: "ann", agentKey: "sales" };
const importAs = (consumerUserId: string, botId: number, agentKey = "sales", letter = "A") =>
  world.t.mutation(world.lib.importTelegramTokenForAgent, {
    consumerUserId,
    agentKey,
    plaintextValue: tokenOf(botId, letter),
  });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => errorDataOf(error)?.code,
  );
const sales = { botId: 7, secretRef: REF, username: "sales_bot" };

describe("importTelegramTokenForAgent", () => {
  it("works before anybody is paired, adds the ref, and may be repeated by the same user", async () => {
    await world.agent("fresh");
    expect(await importAs("ann", 7, "fresh")).toMatchObject({
      secretRef: "telegram.botToken.fresh",
      version: 1,
    });
    const { secretRefs } = await world.t.query(world.lib.getRequiredSecretRefs, { agentKey: "fresh" });
    expect(secretRefs).toContain("telegram.botToken.fresh");
    expect(await importAs("ann", 9, "fresh")).toMatchObject({ version: 2 });
    expect(await codeOf(importAs("ann", 7, "nobody"))).toBe("agent_not_found");
  });
  it("lets no stranger replace another user's bot", async () => {
    await importAs("ann", 7);
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
    await world.t.mutation(world.lib.bindUserAgent, { ...ann, consumerUserId: "eve" });
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
  });
  it("lets nobody but the bound user in where the operator imported the token", async () => {
    await world.t.mutation(world.lib.importSecret, { secretRef: REF, plaintextValue: tokenOf(7) });
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
    await world.t.mutation(world.lib.bindUserAgent, ann);
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
    expect(await importAs("ann", 8)).toMatchObject({ version: 2 });
  });
  it("takes a pairing for no proof: users make their codes themselves, and press their own links", async () => {
    const bot = await withBot(world, telegram, sales);
    const { code } = await world.t.mutation(world.lib.createPairingCode, { ...ann, consumerUserId: "eve" });
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
    expect(await pairAt(world, bot, code)).toMatchObject({ kind: "paired", consumerUserId: "eve" });
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
  });
  it("keeps what the host gave through a pairing, and is not kept from it by who is paired besides", async () => {
    const bot = await withBot(world, telegram, sales);
    const codeFor = async (consumerUserId: string) =>
      (await world.t.mutation(world.lib.createPairingCode, { ...ann, consumerUserId })).code;
    await world.t.mutation(world.lib.bindUserAgent, ann);
    expect(await pairAt(world, bot, await codeFor("ann"))).toMatchObject({ kind: "paired" });
    expect(await pairAt(world, bot, await codeFor("eve"), 66)).toMatchObject({ kind: "paired" });
    expect(await importAs("ann", 8)).toMatchObject({ version: 2 });
  });
  it("leaves a token alone that other agents answer with", async () => {
    await world.t.mutation(world.lib.importSecret, { secretRef: REF, plaintextValue: tokenOf(7) });
    await world.agent("borrower", { secretsRef: [REF] });
    const borrower = { consumerUserId: "bob", agentKey: "borrower" };
    await world.t.mutation(world.lib.bindUserAgent, borrower);
    const secretRef = "telegram.botToken.borrower";
    expect(await importAs("bob", 8, "borrower")).toMatchObject({ secretRef, version: 1 });
    expect(await world.t.query(world.lib.getUserAgentOnboardingState, borrower)).toMatchObject({
      tokenSecretRef: secretRef,
    });
  });
  it("refuses a blank token", async () => {
    const blank = { ...ann, plaintextValue: " \n" };
    expect(await codeOf(world.t.mutation(world.lib.importTelegramTokenForAgent, blank))).toBe("secret_empty");
  });
  it("refuses an agent that somebody else is about to be paired with, or shares", async () => {
    await world.t.mutation(world.lib.createPairingCode, ann);
    expect(await codeOf(importAs("eve", 8))).toBe("telegram_token_not_allowed");
    await world.t.mutation(world.lib.createPairingCode, { ...ann, consumerUserId: "bob" });
    expect(await codeOf(importAs("ann", 8))).toBe("telegram_token_not_allowed");
  });
  it("refuses a bot that serves another agent", async () => {
    await withBot(world, telegram, sales);
    await world.agent("other");
    expect(await codeOf(importAs("eve", 7, "other"))).toBe("telegram_bot_taken");
  });
});
