/** Whose turn it is, where a claim of a worker that is alone sees only the first rows of a lane. */
import { expect, it, vi } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

/** Workspaces with an agent of the same name. */
async function tenants(...names: string[]): Promise<void> {
  for (const name of names) await world.agent(name, { workspace: name });
}

const send = (agentKey: string, id: string, more: object = {}) =>
  world.send(id, agentKey, { agentKey, ...more });

/** Takes and ends so many jobs; after each one its workspace sends another. */
async function serve(count: number, workerToken?: string): Promise<(string | undefined)[]> {
  const served: (string | undefined)[] = [];
  for (let i = 0; i < count; i += 1) {
    const job = await world.t.mutation(world.lib.claim, { workerId: "w", workerToken });
    if (!job) break;
    const end = { workerId: "w", messageId: job.messageId, leaseId: job.leaseId, workerToken };
    await world.t.mutation(world.lib.complete, end);
    const workspace = textOf(job) ?? "";
    served.push(workspace);
    await send(workspace, `${workspace}-next${i}`);
    await world.pass(250);
  }
  return served;
}

it("a workspace that came before the scheduler had looked is not passed over by those that keep sending", async () => {
  await tenants("a", "b", "c");
  await world.pass(200, 200);
  for (const workspace of ["a", "b"])
    for (const id of ["1", "2", "3"]) await send(workspace, `${workspace}${id}`);
  // No look yet, and the clock's next step: by then it is far ahead of the lane.
  await world.pass(60, 60);
  await send("c", "c1");
  await world.pass(1_000);
  expect((await serve(8)).filter((workspace) => workspace === "c").length).toBeGreaterThanOrEqual(2);
});

it("what a conversation was charged in one lane is no memory of another lane", async () => {
  // No lot is drawn between lanes.
  vi.spyOn(Math, "random").mockReturnValue(0.9);
  await tenants("a", "b");
  const { token: workerToken } = await world.t.mutation(world.lib.createAgentWorkerToken, {
    tags: ["default", "red"],
  });
  for (const workspace of ["a", "b"])
    for (const id of ["1", "2", "3", "4"]) await send(workspace, `${workspace}${id}`);
  await world.pass(60_000, 1_000);
  // That lane's time is the clock, a minute ahead of the other one's.
  await send("a", "wanderer", { tag: "red", priority: 100 });
  const job = await world.t.mutation(world.lib.claim, { workerId: "w", workerToken });
  expect(job?.conversationId).toBe("wanderer");
  const end = { workerId: "w", messageId: job?.messageId ?? "", leaseId: job?.leaseId ?? "" };
  expect(await world.t.mutation(world.lib.complete, { ...end, workerToken })).toBe(true);
  await send("a", "wanderer");
  await world.pass(1_000);
  expect((await serve(6, workerToken)).filter((workspace) => workspace === "a")).toHaveLength(3);
});
