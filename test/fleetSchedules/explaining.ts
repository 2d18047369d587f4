/** Asks now and then why a message waits, and holds the answer against what is the case. */
import { must } from "../simulation/invariants.js";
import type { Stage } from "./stage.js";

const SECOND_MS = 1_000;
/** `lease.staleAfterMs`, two passes, and as much again. */
const KNOWN_LOST_AFTER_MS = 300 * SECOND_MS;

interface Explained {
  state: string;
  reason: string;
  text: string;
  workerId: string | null;
  nextLookAt: number | null;
}

export async function explainOften(stage: Stage): Promise<void> {
  const { time, random, watch, caller, tally, stop } = stage;
  while (!stop.signal.aborted) {
    await time.sleep(random.between(20 * SECOND_MS, 120 * SECOND_MS));
    const waiting = watch.mirror.rows("messageQueue").filter(({ status }) => status === "queued");
    if (waiting.length === 0) continue;
    const { _id: messageId } = random.pick(waiting);
    const told = await caller.lib<Explained>("explainMessage", { messageId });
    tally.explained += 1;
    watch.note(`${messageId} waits: ${told.reason}`);
    watch.guard(() => check(stage, told));
  }
}

function check(stage: Stage, told: Explained): void {
  const { time, watch, agents } = stage;
  must(
    told.text.trim() !== "" && !/unknown reason|undefined/.test(told.text),
    `it is explained: ${told.text}`,
  );
  if (told.reason === "fleet_error") must(false, `a cause has a name: ${told.text}`);
  const row = watch.mirror.rows("machines").find(({ worker }) => worker === told.workerId);
  if (told.reason === "booting" || told.reason === "launching")
    must(row === undefined || row.live, `${told.reason} is said of a machine that is there: ${told.text}`);
  if (told.reason === "owner_polling" || told.reason === "worker_polling") {
    const owner = [...agents.values()].filter(({ workerId }) => told.text.includes(workerId));
    const heardAt = Math.max(0, ...owner.map((agent) => agent.heardAt));
    const isThere = owner.some((agent) => agent.isReachable);
    must(
      isThere || time.now() - heardAt < KNOWN_LOST_AFTER_MS,
      `nobody waits for a worker that is long gone: ${told.text}`,
    );
  }
}
