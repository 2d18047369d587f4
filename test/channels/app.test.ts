/** The app's own chat: what of a channel applies to it. */
import { expect, it } from "vitest";
import { channelOf, channels, isAddressKey } from "../../src/core/channels/registry.js";
import { useWorld } from "../component/world.js";
import { loopWith, aJob } from "../worker/fakes.js";
import { runFor } from "../worker/runFor.js";

const world = useWorld();

it.each(["app", "web", "system_push", "a host's own", "constructor", "__proto__", ""])(
  "messages of the provider '%s' are the app's: no transport, no credential, always reachable",
  async (provider) => {
    expect(channelOf(provider)).toBe(channelOf("app"));
    const payload = { provider, providerUserId: "ann", messageText: "hi" };
    await world.t.mutation(world.lib.enqueue, { conversationId: "c", agentKey: "default", payload });
    const { hydration } = await world.mustClaim("w1", { hydrate: true });
    expect(hydration?.channel).toEqual({ kind: "app", credential: null });
    expect(hydration?.undeliverable).toBeUndefined();
  },
);

it("nothing comes in from it by itself, and its users may say any metadata but other channels' addresses", () => {
  const { parse, address, capabilities } = channelOf("app");
  expect(parse).toBeUndefined();
  expect(address.chatOf({ providerUserId: "ann" })).toBe("ann");
  expect(address.metadata({ chatId: "1", userId: "2" })).toEqual({});
  expect(capabilities).toEqual({});
  expect(["application", "appVersion", "telegramChatId", "TELEGRAMX"].map(isAddressKey)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it("a channel that only sends keeps its addresses from users, too", () => {
  const metadata = ({ chatId = "" }) => ({ mailTo: chatId });
  channels["mail"] = {
    ...channelOf("app"),
    kind: "mail",
    address: { ...channelOf("app").address, metadata },
  };
  try {
    expect(["mailTo", "MAILTO", "subject"].map(isAddressKey)).toEqual([true, true, false]);
  } finally {
    delete channels["mail"];
  }
});

it("a worker records the answer and sends nothing", async () => {
  const payload = { provider: "app", providerUserId: "ann", messageText: "hi" };
  const worker = loopWith([aJob("m1", { payload, channel: { kind: "app", credential: null } }, { payload })]);
  await runFor(worker, 10);
  expect(worker.transport.settles("m1")).toEqual(["turns+reply+complete"]);
  expect(worker.delivery.sent).toEqual([]);
});

it("a worker that has not the channel of a message fails the attempt before its engine runs", async () => {
  const worker = loopWith([aJob("m1", { channel: { kind: "slack", credential: "s" } })]);
  await runFor(worker, 10);
  expect(worker.transport.settles("m1")).toEqual(["fail:retry:this worker has no channel 'slack'"]);
  expect(worker.engine.requests).toEqual([]);
});
