/** What one machine's own facts demand, whatever the others do. The first rule that applies wins. */
import { isDown, isSilent } from "./doubt.js";
import type { FleetView, MachineView, Steering } from "./types.js";

/** One that never rests goes on for so long beyond its age; its credential outlives it. */
const OVERAGE_MS = 3_600_000;

/** Null: nothing to do for this machine alone. */
export function lifecycleCommand(machine: MachineView, view: FleetView): Steering | null {
  if (machine.step === "stopped") return null;
  if (machine.status === "stopping" || machine.status === "stopped") return overdue(machine, view);
  switch (machine.step) {
    case "launching":
      return called(machine) ?? unlessHeard(machine, overdue(machine, view));
    case "booting":
      return called(machine) ?? unlessHeard(machine, booting(machine, view));
    default:
      return machine.status === "draining" ? draining(machine, view) : serving(machine, view);
  }
}

/** Who gives a sign of life between the plan and its command is not dead. */
const unlessHeard = ({ seenAt }: MachineView, command: Steering | null): Steering | null =>
  command && { ...command, heardAt: seenAt };

function overdue(machine: MachineView, view: FleetView): Steering | null {
  return machine.stepDeadlineAt <= view.now ? { kind: "resume", worker: machine.worker } : null;
}

/** A worker that calls is up, whatever was reported of its machine. */
function called({ seenAt, worker }: MachineView): Steering | null {
  return seenAt > 0 ? { kind: "booted", worker } : null;
}

function booting(machine: MachineView, view: FleetView): Steering | null {
  if (isDown(machine, view)) return { kind: "stop", worker: machine.worker, reason: "died_at_boot" };
  if (machine.stepDeadlineAt <= view.now)
    return { kind: "stop", worker: machine.worker, reason: "never_booted" };
  return null;
}

function serving(machine: MachineView, view: FleetView): Steering | null {
  const { worker } = machine;
  if (isDown(machine, view)) return lost(machine);
  if (!machine.busy && isSilent(machine, view))
    return unlessHeard(machine, { kind: "drain", worker, reason: "silent" });
  if (machine.bound && !machine.bound.owned) return { kind: "drain", worker, reason: "lease_lost" };
  if (machine.createdAt + view.fleet.maxMachineAgeMs + OVERAGE_MS <= view.now)
    return { kind: "drain", worker, reason: "max_age" };
  return null;
}

const lost = (machine: MachineView): Steering | null =>
  unlessHeard(machine, { kind: "stop", worker: machine.worker, reason: "machine_lost" });

function draining(machine: MachineView, view: FleetView): Steering | null {
  const { worker } = machine;
  if (isDown(machine, view)) return lost(machine);
  // What a worker without a conversation holds need not be saved.
  if (!machine.bound && !machine.busy) return { kind: "stop", worker, reason: "drained" };
  if ((machine.drainDeadlineAt ?? 0) <= view.now) return { kind: "stop", worker, reason: "drain_deadline" };
  return null;
}
