/**
 * For each sweep, whether it has something to do now: the first row of each index range of which the sweep takes a batch (the
 * `due.ts` of its domain makes the range for both, so they cannot disagree). Imports ranges alone, because the cron's
 * function is nothing but these looks.
 */
import { dueTallies, isLineOld, unsealedLines } from "../audit/due.js";
import { lostFetches, oldAttachments } from "../attachments/due.js";
import { loadRuntime } from "../config/runtime.js";
import { addedHours, dueVolumes, isPassMissing, oldHours, oldMachines } from "../fleet/due.js";
import { duePairings } from "../identity/due.js";
import { dueProbes } from "../probes/due.js";
import { jobsDue, lateSlot, lostPushes, oldPushes } from "../pushing/due.js";
import { GRACE_MS, oldLeases, oldMessages, oldTurns, overdue } from "../queue/due.js";
import { dueSecrets } from "../secrets/due.js";
import { dueSnapshots } from "../snapshots/due.js";
import { oldAlbums, oldParked } from "../intake/due.js";
import { dueMeters, dueReports, oldMeters } from "../workers/deployments/due.js";
import { longSilent, oldWakes, silentBeats } from "../workers/due.js";
import { endedWindows } from "../workers/tokens/due.js";
import type { QueryCtx } from "../../component/_generated/server.js";

type Look = (ctx: QueryCtx, now: number) => Promise<boolean>;
interface Range {
  first(): Promise<unknown>;
}

/** All at once: the platform answers them together. */
const anyRow = async (...ranges: Range[]): Promise<boolean> =>
  (await Promise.all(ranges.map((range) => range.first()))).some((row) => row !== null);
const anyOf = (ranges: Record<string, Range>): Promise<boolean> => anyRow(...Object.values(ranges));
const policies = async (ctx: QueryCtx) => (await loadRuntime(ctx)).policies;

export const looks = {
  queueNet: (ctx, now) => anyOf(overdue(ctx, now - GRACE_MS)),
  silentWorkers: (ctx, now) => anyRow(silentBeats(ctx, now)),
  fleetPass: isPassMissing,
  lateJobs: (ctx, now) => anyRow(jobsDue(ctx, lateSlot(now))),
  fetches: (ctx, now) => anyRow(lostFetches(ctx, now)),
  probes: (ctx, now) => anyOf(dueProbes(ctx, now)),
  sealAudit: (ctx, now) => anyRow(unsealedLines(ctx, now), dueTallies(ctx, now)),

  messages: async (ctx, now) => anyOf(oldMessages(ctx, now, (await policies(ctx)).queue)),
  leases: (ctx, now) => anyOf(oldLeases(ctx, now)),
  turns: async (ctx, now) => anyRow(oldTurns(ctx, now, (await policies(ctx)).queue)),
  auditRetention: async (ctx, now) => isLineOld(ctx, now, (await policies(ctx)).audit),
  secrets: async (ctx, now) => anyOf(dueSecrets(ctx, now, (await policies(ctx)).secrets)),
  snapshots: (ctx, now) => anyOf(dueSnapshots(ctx, now)),
  attachments: (ctx, now) => anyOf(oldAttachments(ctx, now)),
  pairing: (ctx, now) => anyOf(duePairings(ctx, now)),
  pushes: (ctx, now) => anyOf({ ...lostPushes(ctx, now), ...oldPushes(ctx, now) }),
  parkedUpdates: (ctx, now) => anyRow(oldParked(ctx, now)),
  albums: (ctx, now) => anyRow(oldAlbums(ctx, now)),
  refusals: (ctx, now) => anyRow(endedWindows(ctx, now)),
  wakes: (ctx, now) => anyRow(oldWakes(ctx, now)),
  forgottenWorkers: async (ctx, now) => anyRow(longSilent(ctx, now, (await policies(ctx)).lease)),
  meters: (ctx, now) => anyRow(dueMeters(ctx, now), oldMeters(ctx, now)),
  reports: (ctx, now) => anyRow(dueReports(ctx, now)),
  machineHours: (ctx, now) => anyRow(addedHours(ctx, now)),
  machines: (ctx, now) => anyRow(oldMachines(ctx, now), oldHours(ctx, now)),
  volumes: (ctx, now) => anyRow(dueVolumes(ctx, now)),
} satisfies Record<string, Look>;

export type SweepName = keyof typeof looks;

export const isDue = (name: SweepName, ctx: QueryCtx, now: number): Promise<boolean> => looks[name](ctx, now);

/** What unblocks messages or somebody who waits. 14 ranges, of which 3 hold a row on a system at rest with a fleet. */
export const EVERY_MINUTE: readonly SweepName[] = [
  "queueNet",
  "silentWorkers",
  "fleetPass",
  "lateJobs",
  "fetches",
  "probes",
  "sealAudit",
];

/** Retention: nobody waits for it, so each minute of ten has its share. At most 6 ranges. */
export const IN_TURN: readonly (readonly SweepName[])[] = [
  ["messages"],
  ["leases", "turns"],
  ["auditRetention", "refusals"],
  ["secrets", "machineHours"],
  ["snapshots"],
  ["attachments", "albums"],
  ["pairing", "forgottenWorkers"],
  ["pushes"],
  ["parkedUpdates", "wakes", "reports", "machines"],
  ["meters", "volumes"],
];
