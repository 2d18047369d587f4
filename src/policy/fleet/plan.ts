/**
 * One pass of the fleet: first what each machine's own facts demand, then capacity. Capacity counts conversations that need
 * a worker, never messages; the cap counts every machine that costs money, those on their way out included, and those that may yet come.
 */
import { lifecycleCommand } from "./lifecycle.js";
import type { Blocked, Command, DrainReason, FleetView, MachineView, Plan, WaitingView } from "./types.js";
import { canServe } from "../queue/canServe.js";
import { giveWay, restingSince } from "./giveWay.js";

const HOUR_MS = 3_600_000;
/** Stopping and destroying takes seconds; a takeover shall not be late by more than this. */
const PREDECESSOR_MS = 20_000;

export function planFleet(view: FleetView): Plan {
  const commands: Command[] = [];
  for (const machine of view.machines) {
    const command = lifecycleCommand(machine, view);
    if (command) commands.push(command);
  }
  const leaving = new Set(
    commands
      .filter((command) => command.kind === "drain" || command.kind === "stop")
      .map((command) => command.worker),
  );
  const serving = view.machines.filter(
    (machine) => machine.status === "active" && machine.step !== "stopped" && !leaving.has(machine.worker),
  );
  const unserved = withoutWorker(view, serving);
  const { launches, blocked } = launchesFor(view, unserved);
  commands.push(...launches);

  const rest = voluntary(view, serving, unserved.slice(launches.length));
  const drains = rest.filter(({ kind }) => kind === "drain");
  commands.push(...rest.filter(({ kind }) => kind === "release"));
  commands.push(...drains.slice(0, Math.max(0, view.fleet.maxRetirementsPerPass - leaving.size)));
  return { commands, blocked };
}

/** Machines that cost money, and those that creations of unknown outcome may still make. */
const placesTaken = ({ machines, orphans, unsettled }: FleetView): number =>
  machines.filter(({ step }) => step !== "stopped").length + orphans + unsettled;

/** The waiting conversations that no free worker, present or booting, will take. */
function withoutWorker(view: FleetView, serving: readonly MachineView[]): WaitingView[] {
  const free = [
    ...view.freeElsewhere.map(({ lanes, workspace }) => ({ lanes, workspace })),
    ...serving
      .filter((machine) => !machine.bound && !machine.busy)
      .map(({ workspace }) => ({ lanes: view.fleet.lanes, workspace })),
  ];
  return view.waiting.filter((conversation) => {
    const taker = free.findIndex((worker) => canServe(worker, conversation));
    if (taker >= 0) free.splice(taker, 1);
    return taker < 0 && view.fleet.lanes.includes(conversation.lane);
  });
}

function launchesFor(
  view: FleetView,
  unserved: readonly WaitingView[],
): { launches: Command[]; blocked: Plan["blocked"] } {
  const costing = view.machines.filter((machine) => machine.step !== "stopped");
  const perWorkspace = new Map<string, number>();
  for (const { bound, workspace } of costing) {
    const tenant = bound?.workspace ?? workspace;
    if (tenant !== null) perWorkspace.set(tenant, (perWorkspace.get(tenant) ?? 0) + 1);
  }
  let room = view.scaling.maxWorkers - placesTaken(view);
  let step = view.scaling.spawnStep;
  const launches: Command[] = [];
  const blocked: Plan["blocked"] = [];
  for (const conversation of unserved) {
    const ofTenant = perWorkspace.get(conversation.workspace) ?? 0;
    const reason = hasPredecessor(view, conversation)
      ? "predecessor"
      : blockedBy(view, { room, step, ofTenant });
    if (reason !== null) {
      blocked.push({ conversationId: conversation.conversationId, reason });
      continue;
    }
    launches.push({ kind: "launch", for: conversation });
    perWorkspace.set(conversation.workspace, ofTenant + 1);
    room -= 1;
    step -= 1;
  }
  return { launches, blocked };
}

/**
 * The machine that held the conversation last is still being taken away: its volume is wanted by the next one. Waiting has an
 * end, because a provider may take its time; then the conversation starts from its newest snapshot.
 */
function hasPredecessor(view: FleetView, conversation: WaitingView): boolean {
  return view.machines.some(
    ({ bound, step, leavingSince }) =>
      bound?.conversationId === conversation.conversationId &&
      step !== "stopped" &&
      leavingSince !== null &&
      view.now < leavingSince + PREDECESSOR_MS,
  );
}

/** The day's machine hours are used up: nothing is launched, and what runs is drained. */
export const isBudgetUsed = (usedMs: number, { dailyMachineHours }: FleetView["fleet"]): boolean =>
  usedMs >= dailyMachineHours * HOUR_MS;

function blockedBy(view: FleetView, left: { room: number; step: number; ofTenant: number }): Blocked | null {
  if (isBudgetUsed(view.usedTodayMs, view.fleet)) return "budget";
  if (left.room <= 0) return left.room + view.unsettled > 0 ? "launch_unsettled" : "worker_cap";
  if (left.ofTenant >= view.fleet.maxWorkersPerWorkspace) return "workspace_cap";
  if (view.now < view.launchesPausedUntil) return "launches_paused";
  return left.step <= 0 ? "launch_step" : null;
}

/** What machines that nothing is wrong with should do: go, in this order, or change conversations. */
function voluntary(
  view: FleetView,
  serving: readonly MachineView[],
  unserved: readonly WaitingView[],
): Command[] {
  const chosen = new Map<string, DrainReason>();
  const choose = (machine: MachineView, reason: DrainReason) => {
    if (!chosen.has(machine.worker)) chosen.set(machine.worker, reason);
  };
  const idle = serving
    .filter((machine) => machine.step === "running" && !machine.busy && !machine.bound?.hasWork)
    .sort((a, b) => restingSince(a) - restingSince(b));

  if (isBudgetUsed(view.usedTodayMs, view.fleet)) {
    // Those at work last: they finish their turn. One that still starts follows once it is up.
    for (const machine of idle) choose(machine, "budget");
    for (const machine of serving) if (machine.step === "running") choose(machine, "budget");
  }
  for (const machine of idle) {
    if (restingSince(machine) + view.scaling.idleTimeoutMs <= view.now) choose(machine, "idle");
    else if (machine.createdAt + view.fleet.maxMachineAgeMs <= view.now) choose(machine, "max_age");
  }
  const costing = view.machines.filter((machine) => machine.step !== "stopped").length + view.orphans;
  for (const machine of idle.slice(0, Math.max(0, costing - view.scaling.maxWorkers)))
    choose(machine, "over_cap");
  const yielding = giveWay(view, { serving, idle, unserved, going: chosen.size, taken: placesTaken(view) });
  for (const { machine, how } of yielding) if (how === "drain") choose(machine, "others_wait");

  const rolling = view.machines.filter(
    (machine) => machine.step !== "stopped" && machine.drainReason === "image_drift",
  ).length;
  const drifted = idle.filter((machine) => machine.image !== view.image && !chosen.has(machine.worker));
  for (const machine of drifted.slice(0, Math.max(0, view.fleet.rolloutBudget - rolling)))
    choose(machine, "image_drift");
  const drains = [...chosen].map(([worker, reason]): Command => ({ kind: "drain", worker, reason }));
  const releases = yielding.flatMap(({ machine: { worker, bound }, how }): Command[] =>
    how === "drain" || !bound || chosen.has(worker)
      ? []
      : [{ kind: "release", worker, conversationId: bound.conversationId }],
  );
  return [...drains, ...releases];
}
