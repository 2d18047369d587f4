/** Whose a worker id is, which of its processes may use it, and what becomes of the conversation of one that comes back different. */
import { describe, expect, it } from "vitest";
import { errorDataOf } from "../../contract/errors.js";
import { snapshotActions } from "../../../test/component/snapshots.js";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();
const { workerOf } = snapshotActions(world);
const MINUTE = 60_000;

interface Args {
  workerId?: string;
  stateful?: boolean;
  instance?: string;
  workerToken?: string;
  workspaceId?: string;
}
const poll = (args: Args = {}) => world.t.mutation(world.lib.poll, { workerId: "w1", ...args });
const claim = (args: Args = {}) => world.t.mutation(world.lib.claim, { workerId: "w1", ...args });
const hello = (args: Args & { leaving?: boolean } = {}) =>
  world.t.mutation(world.lib.workerHello, {
    workerId: "w1",
    version: "1",
    host: "h",
    engine: "echo",
    mode: "agent",
    ...args,
  });
const control = (workerToken?: string) =>
  world.t.query(world.lib.getWorkerControlState, { workerId: "w1", workerToken });
const mint = (scope: { workerId?: string; workspace?: string; tags?: string[] } = {}) =>
  world.t.mutation(world.lib.createAgentWorkerToken, scope);
const refusal = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => "accepted",
    (error: unknown) => errorDataOf(error)?.code,
  );
const wait = async (ms: number): Promise<void> => {
  await world.pass(ms, 10_000);
  await world.upkeep();
};

describe("a worker id", () => {
  it("belongs to the token that it came with: another one cannot use, refresh or read it", async () => {
    await world.agent("acmeAgent", { workspace: "acme" });
    const { token: acme } = await mint({ workspace: "acme" });
    const { token: evil } = await mint({ workspace: "evil", tags: ["evil"] });
    const { token: neighbour } = await mint({ workspace: "acme" });
    await world.send("c1", "one", { agentKey: "acmeAgent" });
    const job = await claim({ workerToken: acme, stateful: true });
    await world.t.mutation(world.lib.requestProbe, { workerId: "w1", kind: "gateway" });
    const before = await workerOf("w1");
    for (const workerToken of [evil, neighbour]) {
      expect(await refusal(poll({ workerToken }))).toBe("worker_id_taken");
      expect(await refusal(hello({ workerToken }))).toBe("worker_id_taken");
      expect(await refusal(control(workerToken))).toBe("worker_id_taken");
      expect(await refusal(world.t.query(world.lib.workerWake, { workerId: "w1", workerToken }))).toBe(
        "worker_id_taken",
      );
      expect(await claim({ workerToken })).toBeNull();
      expect(await world.t.query(world.lib.getWorkerMemory, { workerId: "w1", workerToken })).toBeNull();
    }
    expect(await workerOf("w1")).toEqual(before);
    expect((await control(acme)).probes).toHaveLength(1);
    const lease = world.lease("w1", job ?? { messageId: "", leaseId: "" });
    expect(await world.t.mutation(world.lib.complete, { ...lease, workerToken: acme })).toBe(true);
    await expect(poll({ workerToken: evil })).rejects.toThrow("mint one for this id");
  });

  it("goes with its token's rotations, in both directions, however many there were", async () => {
    const first = await mint();
    await poll({ workerToken: first.token });
    const second = await world.t.mutation(world.lib.rotateWorkerToken, { tokenId: first.tokenId });
    const third = await world.t.mutation(world.lib.rotateWorkerToken, { tokenId: second.tokenId });
    for (const { token } of [third, first, second])
      expect(await refusal(poll({ workerToken: token }))).toBe("accepted");
  });

  it("may be taken by a token that was made for it in the same workspace, and by its workspace's others when its own works no more", async () => {
    const { token, tokenId } = await mint({ workspace: "acme" });
    await poll({ workerToken: token });
    expect(
      await refusal(poll({ workerToken: (await mint({ workerId: "w1", workspace: "other" })).token })),
    ).toBe("worker_id_taken");
    expect(await refusal(poll({ workerToken: (await mint({ workspace: "acme" })).token }))).toBe(
      "worker_id_taken",
    );
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId });
    expect(await refusal(poll({ workerToken: (await mint({})).token }))).toBe("worker_id_taken");
    const heir = await mint({ workspace: "acme" });
    expect(await refusal(poll({ workerToken: heir.token }))).toBe("accepted");
    const bound = await mint({ workerId: "w1", workspace: "acme" });
    expect(await refusal(poll({ workerToken: bound.token }))).toBe("accepted");
  });

  it("of the host's own worker is no token's but one that was made for it", async () => {
    await claim();
    expect(await refusal(poll({ workerToken: (await mint()).token }))).toBe("worker_id_taken");
    expect(await refusal(poll({ workerToken: (await mint({ workerId: "w1" })).token }))).toBe("accepted");
  });

  it("that nobody has yet is told to go on by a good credential, and to stop without one", async () => {
    const { token, aliasPath } = await mint({ workerId: "w1" }).then(async ({ tokenId }) =>
      world.t.mutation(world.lib.createAgentWorkerToken, { workerId: "w1", withAlias: true, group: tokenId }),
    );
    expect(await control(token)).toEqual({ shouldStop: false });
    expect(await control(`alias:${aliasPath?.split("/").at(-1)}`)).toEqual({ shouldStop: false });
    expect(await control()).toEqual({ shouldStop: true });
  });
});

describe("two processes with one worker id", () => {
  it("do not both work: the second is refused, with what to do, until the first is gone", async () => {
    await poll({ instance: "a" });
    await world.send("c1", "one");
    const job = await claim({ instance: "a" });
    await world.send("c2", "two");
    expect(await claim({ instance: "b" })).toBeNull();
    await expect(poll({ instance: "b" })).rejects.toThrow("Another process uses worker id 'w1'");
    expect(await refusal(hello({ instance: "b" }))).toBe("worker_id_in_use");
    expect(await refusal(poll({}))).toBe("worker_id_in_use");
    await world.complete("w1", job ?? { messageId: "", leaseId: "" });
    await world.pass(MINUTE, 10_000);
    expect(await refusal(poll({ instance: "b" }))).toBe("worker_id_in_use");
    await world.pass(MINUTE, 10_000);
    expect(textOf(await claim({ instance: "b" }))).toBe("two");
    // The first was only paused.
    expect(await refusal(poll({ instance: "a" }))).toBe("worker_id_in_use");
  });

  it("hand over at once when the first says that it leaves, unless it holds a conversation on its disk", async () => {
    await poll({ instance: "a" });
    await hello({ instance: "a", leaving: true });
    expect(await refusal(poll({ instance: "b" }))).toBe("accepted");
    await world.send("c1", "one");
    const job = await claim({ instance: "b", stateful: true });
    await world.complete("w1", job ?? { messageId: "", leaseId: "" });
    await hello({ instance: "b", leaving: true });
    expect(await refusal(poll({ instance: "c", stateful: true }))).toBe("worker_id_in_use");
    expect(await refusal(poll({ instance: "b", stateful: true }))).toBe("accepted");
  });

  it("have disks of their own: the second begins a new ownership, which the first one's late save does not shadow", async () => {
    const { prepare, rows } = snapshotActions(world);
    await world.send("c1", "one");
    const job = await claim({ instance: "a", stateful: true });
    await world.complete("w1", job ?? { messageId: "", leaseId: "" });
    await wait(2 * MINUTE);
    await world.send("c1", "two");
    expect(textOf(await claim({ instance: "b", stateful: true }))).toBe("two");
    expect(await workerOf("w1")).toMatchObject({ binding: { generation: 2 }, instance: "b" });
    await prepare("w1", "c1", { generation: 1 });
    expect((await rows()).map(({ generation }) => generation)).toEqual([1]);
  });

  it("that do not name themselves go on as they did, and are never given one message twice", async () => {
    await world.send("c1", "m1");
    await world.send("c2", "m2");
    const a = await world.mustClaim("w1");
    const b = await world.mustClaim("w1");
    const end = {
      ...world.lease("w1", a),
      outcome: { kind: "complete" as const },
      claimNext: { hydrate: false },
    };
    expect(await world.t.mutation(world.lib.settle, end)).toMatchObject({ ok: true, next: null });
    expect(await world.t.mutation(world.lib.settle, end)).toMatchObject({ ok: true, next: null });
    await world.send("c3", "m3");
    await world.pass(500);
    const first = await world.t.mutation(world.lib.settle, { ...end, ...world.lease("w1", b) });
    expect(first).toMatchObject({ next: { payload: { messageText: "m3" } } });
    expect(await world.t.mutation(world.lib.settle, { ...end, ...world.lease("w1", b) })).toEqual(first);
  });

  it("lose no answer: a late end by the first is taken, and brings it no further work", async () => {
    await world.send("c1", "one");
    const job = await claim({ instance: "a" });
    if (!job) throw new Error("nothing to claim");
    await wait(2 * MINUTE);
    await world.send("c2", "two");
    expect(
      textOf(
        await world.t.mutation(world.lib.claim, { workerId: "w1", instance: "b", conversationId: "c2" }),
      ),
    ).toBe("two");
    const end = { outcome: { kind: "complete" as const }, claimNext: { hydrate: false }, instance: "a" };
    await world.send("c3", "three");
    expect(await world.t.mutation(world.lib.settle, { ...world.lease("w1", job), ...end })).toMatchObject({
      ok: true,
      status: "done",
      next: null,
    });
  });
});

describe("a worker that comes back different", () => {
  const serveFirst = async (args: Args, conversation: { agentKey?: string; tag?: string } = {}) => {
    await world.send("c1", "one", conversation);
    const job = await claim({ stateful: true, ...args });
    const lease = world.lease("w1", job ?? { messageId: "", leaseId: "" });
    expect(await world.t.mutation(world.lib.complete, { ...lease, workerToken: args.workerToken })).toBe(
      true,
    );
  };

  it("without memory on its disk: its conversation is anybody's, and it takes anything", async () => {
    await serveFirst({});
    await world.send("c1", "two");
    await poll({ stateful: false });
    expect(await workerOf("w1")).not.toHaveProperty("binding");
    await world.pass(500);
    expect(textOf(await claim({ workerId: "w2", stateful: true }))).toBe("two");
  });

  it("with a token of another workspace: what it held there is free at once", async () => {
    await world.agent("acmeAgent", { workspace: "acme" });
    await serveFirst({ workerToken: (await mint({ workerId: "w1" })).token }, { agentKey: "acmeAgent" });
    await world.send("c1", "two", { agentKey: "acmeAgent" });
    await poll({ stateful: true, workerToken: (await mint({ workerId: "w1", workspace: "other" })).token });
    await world.pass(500);
    expect(textOf(await claim({ workerId: "w2" }))).toBe("two");
  });

  it("for other lanes, or with a message in another lane: it is asked to save, and others take it in the end", async () => {
    await serveFirst({ workerToken: (await mint({ workerId: "w1" })).token });
    const messageId = await world.send("c1", "two", { tag: "gpu" });
    const workerToken = (await mint({ workerId: "w1" })).token;
    const other = (await mint({ tags: ["gpu"] })).token;
    await poll({ stateful: true, workerToken });
    expect(await control(workerToken)).toEqual({ shouldStop: false, release: true });
    expect(await claim({ workerId: "w2", workerToken: other })).toBeNull();
    expect(await world.t.query(world.lib.explainMessage, { messageId })).toMatchObject({
      reason: "lane_unserved",
      text: expect.stringContaining("It was asked to save and let go") as string,
    });
    for (let s = 0; s < 200; s += 20) {
      await world.pass(20_000, 10_000);
      await poll({ stateful: true, workerToken });
    }
    expect(textOf(await claim({ workerId: "w2", workerToken: other }))).toBe("two");
  });
});

it("a worker id is short, so that what looks at hundreds of workers at once can read them", async () => {
  const { token: workerToken } = await world.t.mutation(world.lib.createAgentWorkerToken, {});
  for (const workerId of ["x".repeat(400_000), "x".repeat(201), " "])
    for (const call of [poll, claim, hello])
      expect(
        errorDataOf(await call({ workerId, workerToken }).catch((error: unknown) => error)),
      ).toMatchObject({
        code: "invalid_argument",
        argument: "workerId",
      });
  expect(await claim({ workerId: "x".repeat(200), workerToken })).toBeNull();
});
