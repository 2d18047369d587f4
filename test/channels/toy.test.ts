/**
 * A channel that exists in `toy/` alone, given to both registries: it passes what every channel must pass, and a message goes
 * through all that stands between its two sides, none of which knows it.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runLoop } from "../../worker/src/loop.js";
import { Channels } from "../../worker/src/channels/registry.js";
import { channels } from "../../src/core/channels/registry.js";
import { ingest } from "../../src/core/intake/ingest.js";
import { sha256Hex } from "../../src/policy/text/sha256.js";
import { useWorld } from "../component/world.js";
import { loopWith } from "../worker/fakes.js";
import { describeComing, type ComingSubject, type Said } from "./coreConformance.js";
import { toy } from "./toy/core.js";
import { toyChannel, TOY_LIMIT, ToyService } from "./toy/worker.js";
import { describeSending } from "./workerConformance.js";

const KEY = "toy-shop-abcdefgh";
const SECRET = "what the toy service sends along";

/** The one line in the component's registry. */
beforeAll(() => void (channels["toy"] = toy));
afterAll(() => void delete channels["toy"]);

describeSending("A toy", () => {
  const service = new ToyService();
  return {
    outbound: toyChannel(service).outbound,
    recipient: { providerUserId: "ann", metadata: {}, credential: KEY },
    limit: TOY_LIMIT,
    fate: (how) => void (service.next = how),
    arrived: () => service.arrived.map(({ said }) => said),
    progressShown: () => service.shown,
  };
});

describe("in the component", () => {
  const world = useWorld();

  async function setUp(): Promise<ComingSubject> {
    await world.agent("default", { secretsRef: ["toy.key.default"] });
    await world.t.mutation(world.lib.importSecret, { secretRef: "toy.key.default", plaintextValue: KEY });
    const secretHash = await sha256Hex(SECRET);
    await world.t.run(async (ctx) => {
      const account = { channel: "toy", accountId: "shop" };
      await ctx.db.insert("channelAccounts", { ...account, agentKey: "default" });
      await ctx.db.insert("webhookSecrets", { ...account, secretHash });
    });
    const routing = { resolveFromBinding: true, requireBinding: false, fallbackAgentKey: "default" };
    const deliverWith = (secret: string) => (body: string) =>
      world.t.run((ctx) => ingest(ctx, toy, { secret, body, path: "/toy" }, routing));
    return {
      channel: toy,
      deliver: deliverWith(SECRET),
      deliverForged: deliverWith("nobody's"),
      body: ({ event, message, chat, user, text, toUs, edited }: Said) =>
        JSON.stringify({
          id: String(event),
          ...{ message: String(message), chat, from: user, text, edited },
          ...(toUs === true && { to: "shop" }),
        }),
      blocked: (event, chat, gone) => JSON.stringify({ id: String(event), chat, gone }),
      unknown: [
        JSON.stringify({ id: "1", chat: "ann" }),
        JSON.stringify({ id: "2", chat: "ann", from: "ann" }),
      ],
      privateChats: ["ann", "bob"],
      groupChat: "#all",
    };
  }

  describeComing("A toy", world, setUp);

  it("a message goes from the toy's chat to an engine and back into it, with the credential unread in between", async () => {
    const { deliver, body } = await setUp();
    const service = new ToyService();
    const worker = loopWith([]);
    worker.deps.channels = new Channels([{ kind: "app" }, toyChannel(service)]);
    const { t, lib } = world;
    worker.deps.transport = {
      claim: () => t.mutation(lib.claim, { workerId: "w1", hydrate: true }),
      settle: ({ messageId, leaseId }, request) =>
        t.mutation(lib.settle, { workerId: "w1", messageId, leaseId, ...request }),
      heartbeat: ({ messageId, leaseId }) =>
        t.mutation(lib.renewLease, { workerId: "w1", messageId, leaseId }),
      controlState: () => Promise.resolve({ shouldStop: false }),
    };
    const said = { event: 1, message: 1, user: "ann", text: "do you hear me?" };
    await deliver(body({ ...said, chat: "#all", toUs: true }));
    const running = runLoop(worker.deps);
    for (let n = 0; service.arrived.length === 0 && n < 200; n += 1) await vi.advanceTimersByTimeAsync(50);
    worker.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(5_000);
    await running;
    expect(service.arrived).toEqual([{ chat: "#all", said: "answer to do you hear me?", key: KEY }]);
    expect(service.shown).toBe(1);
    const [row] = await t.run((ctx) => ctx.db.query("messageQueue").collect());
    expect(row?.status).toBe("done");
  });
});
