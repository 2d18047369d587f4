import { beforeEach, describe, expect, it } from "vitest";
import { textOf, useWorld } from "../../../../test/component/world.js";
import { recordFootprint } from "../../../../test/conflicts/recorder.js";
import { conflicts, describeConflicts } from "../../../../test/conflicts/footprint.js";
import { errorDataOf } from "../../../contract/errors.js";
import schema from "../../../component/schema.js";

const world = useWorld();

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => errorDataOf(error)?.code ?? "no code",
  );
const tokenFor = async (tags: string[], scope: { workspace?: string; maxWorkers?: number } = {}) =>
  (await world.t.mutation(world.lib.createAgentWorkerToken, { tags, ...scope })).token;
const claim = (workerId: string, workerToken: string) =>
  world.t.mutation(world.lib.claim, { workerId, workerToken });
const sendWith = (conversationId: string, agentKey: string, metadata: Record<string, string>, tag?: string) =>
  world.t.mutation(world.lib.enqueue, {
    conversationId,
    agentKey,
    tag,
    payload: { provider: "app", providerUserId: "u1", messageText: conversationId, metadata },
  });

describe("a message's lane", () => {
  beforeEach(async () => {
    await world.agent("rendering", { workspace: "acme", tag: "render-$args[size]-$workspace" });
  });

  it("comes from the message, else the profile, with its dynamic parts resolved at enqueue", async () => {
    await sendWith("big", "rendering", { size: "big" });
    await sendWith("named", "rendering", { size: "big" }, "own-$workspace");
    await sendWith("plain", "default", {});
    const lanes = await world.t.run(async (ctx) =>
      (await ctx.db.query("messageQueue").collect()).map((row) => [row.conversationId, row.lane]),
    );
    expect(Object.fromEntries(lanes)).toEqual({
      big: "render-big-acme",
      named: "own-acme",
      plain: "default",
    });
  });

  it("is seen by workers whose token lists it, in the token's workspace, and by no other", async () => {
    await sendWith("big", "rendering", { size: "big" });
    await sendWith("plain", "default", {});
    const small = await tokenFor(["render-small-acme"]);
    const elsewhere = await tokenFor(["render-big-acme"], { workspace: "other" });
    expect(await claim("w1", small)).toBeNull();
    expect(await claim("w2", elsewhere)).toBeNull();
    expect(textOf(await claim("w3", await tokenFor(["default"])))).toBe("plain");
    expect(textOf(await claim("w4", await tokenFor(["x", "render-big-acme"])))).toBe("big");
  });

  it("that does not resolve is refused, and nothing is stored", async () => {
    expect(await codeOf(sendWith("c1", "rendering", {}))).toBe("invalid_argument");
    expect(await codeOf(sendWith("c1", "rendering", { size: "a b" }))).toBe("invalid_argument");
    expect(await codeOf(sendWith("c1", "rendering", { size: "big" }, "$args[to]"))).toBe("invalid_argument");
    await world.agent("open", { tag: "$args[to]" });
    expect(await codeOf(sendWith("c1", "open", { to: "system" }))).toBe("invalid_argument");
    expect(await world.t.run((ctx) => ctx.db.query("messageQueue").collect())).toEqual([]);
    expect(await world.t.run((ctx) => ctx.db.query("conversations").collect())).toEqual([]);
  });

  it("is checked when an agent is configured", async () => {
    for (const tag of ["a b", "tag-$args[]", "x".repeat(101)])
      expect(await codeOf(world.agent("bad", { tag }))).toBe("invalid_argument");
  });
});

describe("a token with a limit of workers", () => {
  it("makes no two claims of known workers conflict", async () => {
    const token = await tokenFor(["default"], { maxWorkers: 3 });
    for (const workerId of ["w1", "w2"]) await claim(workerId, token);
    await world.send("c1", "one");
    await world.send("c2", "two");
    await world.pass(500);
    class RolledBack extends Error {}
    const footprint = async (workerId: string, conversationId: string) => {
      const recorded = await recordFootprint(schema, () =>
        world.t.mutation(async (ctx) => {
          await ctx.runMutation(world.lib.claim, { workerId, workerToken: token, conversationId });
          throw new RolledBack();
        }),
      );
      expect(recorded.error).toBeInstanceOf(RolledBack);
      return recorded.footprint;
    };
    const [first, second] = [await footprint("w1", "c1"), await footprint("w2", "c2")];
    expect(describeConflicts(conflicts(first, second))).toEqual([]);
    expect(describeConflicts(conflicts(second, first))).toEqual([]);
    // The control: two strangers registering at once are counted one after the other.
    const strangers = [await footprint("w3", "c1"), await footprint("w4", "c2")] as const;
    expect(describeConflicts(conflicts(...strangers))).not.toEqual([]);
  });
});
