import { setTimeout as sleep } from "node:timers/promises";
import type { Sabotage } from "./options.js";
import type { Answer, Call, Held, Treatment } from "./relay.js";

/** How long a late worker waits for another to take its message: lease, reaping and retry delay are well below. */
const MAX_HOLD_MS = 15_000;

const ok = (value: unknown): Answer => ({ status: 200, body: JSON.stringify({ ok: true, value }) });
const settled = (call: Call): Answer =>
  ok({
    ok: true,
    status: call.request.outcome === undefined ? "held" : "done",
    nextScheduledFor: null,
    next: null,
  });
const renewed = (): Answer => ok({ ok: true, leaseExpiresAt: Date.now() + 60_000, shouldStop: false });

/**
 * Breaks the wire. The product is untouched: it is lied to, or its answer is hidden. The first two break the first attempt of
 * one message, and the user gets a second answer.
 *
 * - `drop-settle`: everything the worker reports about the message is acknowledged and thrown away, so its lease
 *   expires and another worker answers again.
 * - `skip-fence`: the worker's heartbeats stay on the way, so that it loses its lease; its late writes are held until
 *   another worker has the message, and then the refusal is turned into a consent.
 * - `skip-restore`: every worker hears that there is no saved memory, so each begins with an empty disk.
 */
export function sabotage(
  how: Sabotage,
  signal: AbortSignal,
): { treat: Treatment; claimed(held: Held): void } {
  let victim: Held | undefined;
  let takenOver = false;
  const claimed = (held: Held) => {
    victim ??= held;
    if (held.messageId === victim.messageId && held.leaseId !== victim.leaseId) takenOver = true;
  };
  const otherHasIt = async () => {
    for (let waited = 0; !takenOver && waited < MAX_HOLD_MS; waited += 50)
      await sleep(50, undefined, { signal });
  };
  const treat: Treatment = async (call) => {
    if (how === "skip-restore") return call.operation === "snapshot_restore" ? ok(null) : call.forward();
    if (victim === undefined || call.request.leaseId !== victim.leaseId) return call.forward();
    if (call.operation === "heartbeat") return renewed();
    if (call.operation !== "settle") return call.forward();
    if (how === "drop-settle") return settled(call);
    await otherHasIt();
    await call.forward();
    return settled(call);
  };
  return { treat, claimed };
}
