/**
 * The steps of a machine's life, in their only order. A report moves a row to its step from every earlier one and from no later one:
 * it may come late, twice, before another that was made first, or through somebody else (a listing instead of the launch).
 */
import type { Policies } from "../../contract/policies.js";
import type { MachineStep } from "./types.js";

const ORDER: readonly MachineStep[] = ["launching", "booting", "running", "retiring", "stopped"];

/** What is learned of a machine: the provider has it, its worker has called, it was told to go, the provider has it no more. */
export type Report = "made" | "called" | "dismissed" | "gone";

const reaches: Readonly<Record<Report, MachineStep>> = {
  made: "booting",
  called: "running",
  dismissed: "retiring",
  gone: "stopped",
};

/** The step into which `report` brings a machine; null: it has come that far already. */
export function stepAfter(step: MachineStep, report: Report): MachineStep | null {
  const reached = reaches[report];
  return ORDER.indexOf(reached) > ORDER.indexOf(step) ? reached : null;
}

/** When a step that begins at `now` counts as stuck, epoch ms; 0: what serves is judged by its worker's signs of life. */
export function stepDeadline(step: MachineStep, fleet: Policies["fleet"], now: number): number {
  switch (step) {
    case "launching":
    case "retiring":
      return now + fleet.stepDeadlineMs;
    case "booting":
      return now + fleet.bootDeadlineMs;
    case "running":
    case "stopped":
      return 0;
  }
}
