/**
 * How far the provider's word goes. A list may lag, be empty for an hour, or be that of another app; so nothing is concluded from what it
 * lacks, and what it says against a worker that was heard lately is asked again, of the machine itself.
 */
import type { MachineView, Observation, Seen } from "./types.js";

/** Lists in a row that must lack a machine which the provider, asked for it, does not know, before it counts as lost. */
const MISSED_LISTINGS = 2;

type Clock = Pick<Observation, "now" | "lease">;

/** Its worker gave no sign of life for as long as counts. One that has never called is silent. */
export const isSilent = ({ seenAt }: Pick<MachineView, "seenAt">, { now, lease }: Clock): boolean =>
  seenAt + lease.staleAfterMs <= now;

const DOWN: ReadonlySet<Seen> = new Set(["stopped", "failed", "gone"]);

/**
 * Whether the machine itself is asked for before anything is concluded: it is not listed and its worker is silent, or it is listed as down
 * and its worker was heard. One that is not listed and was heard is simply alive.
 */
export function isDoubtful(machine: MachineView, listed: Seen | null, clock: Clock): boolean {
  if (machine.step === "launching" || machine.machineId === null) return false;
  if (machine.status !== "active" && machine.status !== "draining") return false;
  if (listed === null) return isSilent(machine, clock);
  return DOWN.has(listed) && !isSilent(machine, clock);
}

/** The provider says that the process is not running any more, and nothing speaks against it. */
export function isDown(machine: MachineView, clock: Clock): boolean {
  if (machine.seen === "missing") return machine.missed >= MISSED_LISTINGS && isSilent(machine, clock);
  return DOWN.has(machine.seen);
}
