/** Hosts that enqueue: bursts, keys used twice at one time, delays, priorities, redrives. */
import { TENANTS } from "./plan.js";
import type { Stage } from "./stage.js";
import { isEnded, must } from "../simulation/invariants.js";

export async function runHost(stage: Stage, share: number): Promise<void> {
  const { plan, random, time } = stage;
  for (let sent = 0; sent < share;) {
    const burst = random.chance(plan.burstChance) ? random.between(2, 4) : 1;
    await Promise.all(Array.from({ length: Math.min(burst, share - sent) }, () => send(stage)));
    sent += burst;
    if (random.chance(plan.redriveChance)) await redrive(stage);
    await time.sleep(random.between(0, plan.pauseMs));
  }
}

async function send(stage: Stage): Promise<void> {
  const { plan, random, time, caller, watch } = stage;
  const index = random.between(0, plan.conversations - 1);
  const tenant = index % TENANTS;
  const key = random.chance(0.4) ? `key${random.between(0, 12)}` : undefined;
  const delayMs = random.chance(0.2) ? random.pick([-500, 300, 5_000, 40_000]) : undefined;
  const args = {
    conversationId: `c${index}`,
    agentKey: `agent${tenant}`,
    payload: { provider: "app", providerUserId: "u", messageText: "hello" },
    priority: random.pick([0, 20, 50, 50, 50, 55, 100]),
    maxAttempts: random.between(1, 3),
    ...(random.chance(0.3) ? { tag: "red" } : {}),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(delayMs === undefined ? {} : { scheduledFor: time.now() + delayMs }),
  };
  // A host whose answer did not come sends again at once.
  const times = key !== undefined && random.chance(0.5) ? 2 : 1;
  stage.tally.enqueues += 1;
  const ids = await Promise.all(Array.from({ length: times }, () => caller.lib<string>("enqueue", args)));
  for (const id of ids)
    must(watch.observer.messages.has(id), `the host was told of a message ${id} that is not there`);
  if (key !== undefined)
    for (const id of ids)
      must(watch.observer.keys.get(`tenant${tenant} ${key}`) === id, "the same key gives the same message");
}

async function redrive({ plan, caller, random, watch, tally }: Stage): Promise<void> {
  const messages = watch.mirror.rows("messageQueue");
  const dead = messages.filter(({ status }) => status === "dead_letter");
  // Somebody may try that with what is done, too.
  const ended = plan.kind === "returns" && dead.length === 0 ? messages.filter(isEnded) : dead;
  if (ended.length === 0) return;
  const { _id: messageId } = random.pick(ended);
  tally.redrives += 1;
  await caller.lib("redriveDeadLetter", { messageId }).catch((error: unknown) => {
    // Another host was faster, its worker finished after all, or it was done.
    must(String(error).includes("not a dead letter"), String(error));
  });
}
