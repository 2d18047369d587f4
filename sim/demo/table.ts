import type { Verdict } from "./judge.js";
import type { DemoOptions } from "./options.js";
import { formatTable } from "./timeline.js";

/** The figures for people. @param killed the machine that was killed. */
export function tableOf(verdict: Verdict, options: DemoOptions, killed: string | undefined): string {
  const ms = (value: number | null) => (value === null ? "-" : `${value} ms`);
  const yes = (value: boolean | null) => (value === null ? "-" : value ? "yes" : "NO");
  return formatTable([
    ["engine, most machines, users", `${options.engine}, ${options.workers}, ${options.conversations}`],
    ["messages", String(verdict.messages)],
    ["answered", String(verdict.answered)],
    ["lost", String(verdict.lost)],
    ["answered twice", String(verdict.duplicated)],
    ["out of order", String(verdict.outOfOrder)],
    ["machine killed", killed ?? "-"],
    ["its message answered after", ms(verdict.recoveredAfterKillMs)],
    ["machines at most", String(verdict.machinesPeak)],
    ["machines and volumes at the end", `${verdict.machinesAtEnd}, ${verdict.volumesAtEnd}`],
    ["snapshots", String(verdict.snapshots)],
    ["memory came back", yes(verdict.memoryRestored)],
    ["push arrived", yes(verdict.pushed)],
    ["calls to Fly", String(verdict.providerCalls)],
    ["wait, median", ms(verdict.p50Ms)],
    ["wait, 99 %", ms(verdict.p99Ms)],
    ["first message to last answer", `${verdict.seconds} s`],
  ]);
}
