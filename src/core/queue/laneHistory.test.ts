/** Two lanes of one conversation may be two tenants: neither is shown what was said in the other. */
import { expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const payload = (metadata: Record<string, string> = {}) => ({
  provider: "app",
  providerUserId: "u",
  messageText: "hi",
  metadata,
});

let workers = 0;
/** Takes the waiting message, says what its worker was shown, and answers it. */
async function answered(lane: string, text: string): Promise<string[]> {
  const { lib, t } = world;
  const { token: workerToken } = await t.mutation(lib.createAgentWorkerToken, { tags: [lane] });
  workers += 1;
  const worker = { workerId: `w${workers}`, workerToken };
  const job = await t.mutation(lib.claim, { ...worker, hydrate: true });
  if (!job?.hydration) throw new Error("nothing waits");
  const { messageId, leaseId } = job;
  await t.mutation(lib.settle, {
    ...{ ...worker, messageId, leaseId },
    turns: [{ role: "assistant", content: text }],
    outcome: { kind: "complete" },
  });
  return job.hydration.conversationState.contextHistory.map(({ content }) => content);
}

it("a lane that a message names for itself has a history of its own; the agent's own lane is no tenant", async () => {
  await world.agent("routed", { tag: "tag-$args[customer]" });
  const write = (customer: string) =>
    world.t.mutation(world.lib.enqueue, {
      conversationId: "c",
      agentKey: "routed",
      payload: payload({ customer }),
    });
  await write("acme");
  expect(await answered("tag-acme", "acme's secret")).toEqual([]);
  await write("evil");
  expect(await answered("tag-evil", "evil's")).toEqual([]);
  await write("acme");
  expect(await answered("tag-acme", "more")).toEqual(["acme's secret"]);

  await world.agent("plain", { tag: "cpu" });
  const say = (fields: { tag?: string } = {}) =>
    world.t.mutation(world.lib.enqueue, {
      conversationId: "p",
      agentKey: "plain",
      payload: payload(),
      ...fields,
    });
  await say();
  expect(await answered("cpu", "first")).toEqual([]);
  // The operator moves the agent: its memory stays.
  await world.agent("plain", { tag: "gpu" });
  await say();
  expect(await answered("gpu", "second")).toEqual(["first"]);
  await say({ tag: "vault" });
  expect(await answered("vault", "confined")).toEqual(["first", "second"]);
  await say();
  expect(await answered("gpu", "third")).toEqual(["first", "second"]);
});
