/**
 * All capacity is bound and others wait: who gives way, and how. A machine changes conversations in place: it saves the one it holds, empties
 * its disk and takes the next one. It goes for good where that is no help: those who wait are another tenant's, whose memory never lies
 * where an agent of this one ran; it is of another image or old; it knows no such request; or it was asked and holds on.
 */
import { canServe } from "../queue/canServe.js";
import { mayGiveWay } from "../worker/release.js";
import type { FleetView, MachineView, WaitingView } from "./types.js";

interface Situation {
  serving: readonly MachineView[];
  /** Those that rest, longest first. */
  idle: readonly MachineView[];
  /** Those who wait and get no machine. */
  unserved: readonly WaitingView[];
  /** How many machines leave for other reasons. */
  going: number;
  /** Places that count against the cap. */
  taken: number;
}

/** The longest-idle bound workers give way; when none is idle and somebody has waited for long, the one that has held its conversation longest does after its turn. */
export function giveWay(
  view: FleetView,
  { serving, idle, unserved, going, taken }: Situation,
): { machine: MachineView; how: "release" | "drain" }[] {
  const { fleet, now } = view;
  const changing = (machine: MachineView): boolean => mayGiveWay(machine.bound ?? {}, now);
  const leaving = view.machines.filter(
    (machine) => machine.step !== "stopped" && (machine.status !== "active" || changing(machine)),
  ).length;
  const onTheirWay = leaving + view.unsettled;
  // A launch that failed does not make room: only what a free place would cure is a reason to give way.
  if (taken < view.scaling.maxWorkers) return [];
  const wanted = unserved.length - onTheirWay - going;
  if (wanted <= 0) return [];
  const left = [...unserved];
  const decide = (machine: MachineView): { machine: MachineView; how: "release" | "drain" } => {
    const place = { lanes: fleet.lanes, workspace: machine.bound?.workspace };
    const next = isFit(machine, view) ? left.findIndex((conversation) => canServe(place, conversation)) : -1;
    if (next < 0) return { machine, how: "drain" };
    left.splice(next, 1);
    return { machine, how: "release" };
  };
  const rested = idle.filter(
    (machine) => machine.bound && !changing(machine) && restingSince(machine) + fleet.yieldIdleAfterMs <= now,
  );
  if (rested.length > 0) return rested.slice(0, wanted).map(decide);
  const longestWait = Math.min(...unserved.map((conversation) => conversation.readyAt));
  if (onTheirWay > 0 || longestWait + fleet.yieldBusyAfterMs > now) return [];
  return serving
    .filter((machine) => machine.bound && machine.step === "running")
    .filter((machine) => (machine.bound?.boundAt ?? 0) + fleet.yieldBusyAfterMs <= now)
    .sort((a, b) => (a.bound?.boundAt ?? 0) - (b.bound?.boundAt ?? 0))
    .slice(0, 1)
    .map(decide);
}

/** It may serve another conversation: as new as one that would be launched, and one that can be asked and was not yet. */
const isFit = ({ heedsRequests, image, createdAt, bound }: MachineView, view: FleetView): boolean =>
  heedsRequests &&
  image === view.image &&
  createdAt + view.fleet.maxMachineAgeMs > view.now &&
  bound?.askedAt === undefined;

/** When the worker last had something to do; the start counts. */
export const restingSince = (machine: MachineView): number => Math.max(machine.lastWorkAt, machine.createdAt);
