/** What one machine's own facts demand, whatever the others do. The first rule that applies wins. */
import type { Command, FleetView, MachineView } from "./types.js";

/** Two listings must agree before a machine that was running counts as lost: a provider's list may lag or be empty. */
const MISSED_LISTINGS = 2;

/** Null: nothing to do for this machine alone. */
export function lifecycleCommand(machine: MachineView, view: FleetView): Command | null {
  if (machine.step === "stopped") return null;
  if (machine.status === "stopping" || machine.status === "stopped") return overdue(machine, view);
  switch (machine.step) {
    case "launching":
      return overdue(machine, view);
    case "booting":
      return booting(machine, view);
    default:
      return machine.status === "draining" ? draining(machine, view) : serving(machine, view);
  }
}

function overdue(machine: MachineView, view: FleetView): Command | null {
  return machine.stepDeadlineAt <= view.now ? { kind: "resume", worker: machine.worker } : null;
}

function booting(machine: MachineView, view: FleetView): Command | null {
  if (machine.seenAt > 0) return { kind: "booted", worker: machine.worker };
  if (isDown(machine)) return { kind: "stop", worker: machine.worker, reason: "died_at_boot" };
  if (machine.stepDeadlineAt <= view.now)
    return { kind: "stop", worker: machine.worker, reason: "never_booted" };
  return null;
}

function serving(machine: MachineView, view: FleetView): Command | null {
  const { worker } = machine;
  if (isDown(machine)) return { kind: "stop", worker, reason: "machine_lost" };
  if (!machine.busy && machine.seenAt + view.lease.staleAfterMs <= view.now)
    return { kind: "drain", worker, reason: "silent" };
  if (machine.bound && !machine.bound.owned) return { kind: "drain", worker, reason: "lease_lost" };
  return null;
}

function draining(machine: MachineView, view: FleetView): Command | null {
  const { worker } = machine;
  if (isDown(machine)) return { kind: "stop", worker, reason: "machine_lost" };
  // What a worker without a conversation holds need not be saved.
  if (!machine.bound && !machine.busy) return { kind: "stop", worker, reason: "drained" };
  if ((machine.drainDeadlineAt ?? 0) <= view.now) return { kind: "stop", worker, reason: "drain_deadline" };
  return null;
}

/** The provider says that the process is not running any more. */
export function isDown(machine: MachineView): boolean {
  return (
    machine.seen === "stopped" ||
    machine.seen === "failed" ||
    machine.seen === "gone" ||
    (machine.seen === "missing" && machine.missed >= MISSED_LISTINGS)
  );
}
