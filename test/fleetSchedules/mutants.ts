/** Faults that the fleet's schedules must find: each is the real source with one or a few texts of it replaced. */
import type { Mutant } from "../schedules/mutants/index.js";

export const FLEET_MUTANTS: Mutant[] = [
  {
    name: "a row that a listing touches before its launch reports never moves again",
    replacements: [
      {
        file: "core/fleet/orphans.ts",
        text: `        await noteMade(ctx, owner, { machineId, region, volumeId }, { fleet, isNews });`,
        by: `        await ctx.db.patch(owner._id, { machineId });`,
      },
      {
        file: "core/fleet/reports.ts",
        text: "  await noteMade(ctx, row, made,",
        by: "  if (row.machineId !== made.machineId) await noteMade(ctx, row, made,",
      },
      {
        file: "policy/fleet/lifecycle.ts",
        text: "return called(machine) ?? unlessHeard(machine, overdue(machine, view));",
        by: "return overdue(machine, view);",
      },
    ],
    rule: /nobody alive is taken for dead|credential|nothing costs money|finally answered/,
    from: 8,
  },
  {
    name: "a launch is repeated without end",
    replacements: [
      {
        file: "policy/fleet/life.ts",
        text: "const isOver = life.gaveUp === true || life.attempt >= MAX_LAUNCHES || life.failures >= MAX_LAUNCHES;",
        by: "const isOver = life.failures < 0;",
      },
      {
        file: "core/fleet/reports.ts",
        text: "  await noteMade(ctx, row, made,",
        by: "  if (row.attempt < 0) await noteMade(ctx, row, made,",
      },
      {
        file: "core/fleet/orphans.ts",
        text: `        await noteMade(ctx, owner, { machineId, region, volumeId }, { fleet, isNews });`,
        by: "",
      },
      {
        file: "policy/fleet/lifecycle.ts",
        text: "return called(machine) ?? unlessHeard(machine, overdue(machine, view));",
        by: "return overdue(machine, view);",
      },
    ],
    rule: /no credential is minted without end/,
    from: 0,
  },
  {
    name: "leases that were forgotten count as saved",
    replacements: [
      {
        file: "core/fleet/quarantine.ts",
        text: `  return Date.now() - row.createdAt < LEASE_RETENTION_MS ? "never" : "unknown";`,
        by: `  return "never";`,
      },
      {
        file: "core/fleet/quarantine.ts",
        text: "  const known = Math.max(lease?.seenAt ?? 0, row.lastUseAt ?? 0);",
        by: "  const known = lease?.seenAt ?? 0;",
      },
      {
        file: "core/fleet/quarantine.ts",
        text: "    inherited: (await findQuarantined(ctx, volumeId)) !== null,",
        by: "    inherited: false,",
      },
    ],
    rule: /no unsaved memory is deleted/,
    from: 93,
  },
  {
    name: "machines on their way out do not count",
    replacements: [
      {
        file: "policy/fleet/plan.ts",
        text: `  machines.filter(({ step }) => step !== "stopped").length + orphans + unsettled;`,
        by: `  machines.filter(({ step }) => step !== "stopped" && step !== "retiring").length + orphans + unsettled;`,
      },
    ],
    rule: /the cap is never exceeded/,
    from: 5,
  },
  {
    name: "a creation of unknown outcome holds no place",
    replacements: [
      {
        file: "core/fleet/observe.ts",
        text: "    unsettled: unsettled.filter(({ worker }) => !come.has(worker)).length,",
        by: "    unsettled: unsettled.length - unsettled.length,",
      },
    ],
    rule: /the cap is never exceeded/,
    from: 66,
  },
  {
    name: "nobody is drained for being idle",
    replacements: [
      {
        file: "policy/fleet/plan.ts",
        text: `view.scaling.idleTimeoutMs <= view.now) choose(machine, "idle");`,
        by: `view.scaling.idleTimeoutMs * 1_000 <= view.now) choose(machine, "idle");`,
      },
    ],
    rule: /nothing costs money 30 idle minutes later/,
    from: 0,
  },
  {
    name: "volumes stay when their machine is gone",
    replacements: [
      {
        file: "core/fleet/deleteVolume.ts",
        text: "  await provider.deleteVolume(volume.volumeId);",
        by: "  await provider.listVolumes();",
      },
    ],
    rule: /nothing costs money 30 idle minutes later: volume/,
    from: 0,
  },
  {
    name: "memory that nobody saved is kept for ever",
    replacements: [
      {
        file: "core/fleet/sweep.ts",
        text: "    if (volume.takenBy === undefined)",
        by: "    if (volume.failures < 0)",
      },
    ],
    rule: /what is kept is kept for its time/,
    from: 11,
  },
  {
    name: "an answer that is told again, because its receipt was lost, puts its message back",
    replacements: [
      {
        file: "core/queue/settle.ts",
        text: "  const message = await ctx.db.get(hold.message);",
        by: `  const message = await ctx.db.get(hold.message);
  if (message) await ctx.db.patch(message._id, { status: "queued" });`,
      },
    ],
    rule: /a message is answered once/,
    from: 18,
  },
  {
    name: "a retirement whose action died is not taken up again",
    replacements: [
      {
        file: "policy/fleet/life.ts",
        text: `  if (isLeaving(worker)) {
    const stop = life.stop`,
        by: `  if (isLeaving(worker) && life.step === "launching") {
    const stop = life.stop`,
      },
    ],
    rule: /nothing costs money|row ends|finally answered/,
    from: 0,
  },
  {
    name: "what is somebody else's is collected",
    replacements: [
      {
        file: "core/fleet/listing.ts",
        text: "metadata === null || metadata[DEPLOYMENT_TAG] === deployment",
        by: "metadata === null || deployment !== null",
      },
      {
        file: "core/fleet/orphans.ts",
        text: "!isGone(machine) && machine.metadata?.[DEPLOYMENT_TAG] === tag",
        by: "!isGone(machine) && tag !== null",
      },
    ],
    rule: /nothing foreign is touched/,
    from: 0,
  },
  {
    name: "credentials of machines that are gone stay",
    replacements: [
      {
        file: "core/fleet/reports.ts",
        text: `  for (const tokenId of row.tokenIds) await revokeToken(ctx, tokenId, "component");`,
        by: '  if (row.attempt < 0) await revokeToken(ctx, row.worker, "component");',
      },
    ],
    rule: /every credential of a machine that is gone is revoked/,
    from: 0,
  },
  {
    name: "a worker that stops keeps its conversation",
    replacements: [
      {
        file: "core/workers/transition.ts",
        text: `  if (to === "stopping") await freeBound(ctx, worker);`,
        by: `  if (to === "active") await freeBound(ctx, worker);`,
      },
    ],
    rule: /finally answered|long gone|is said of a machine that is there/,
    from: 0,
  },
  {
    name: "a later message of a conversation is taken before an earlier one",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: `eq("conversation", conversation._id).eq("status", "queued"))
    .first();
  const cleared`,
        by: `eq("conversation", conversation._id).eq("status", "queued"))
    .order("desc")
    .first();
  const cleared`,
      },
    ],
    rule: /is answered in order|the head is the oldest/,
    from: 0,
  },
  {
    name: "a cause has no name",
    replacements: [
      { file: "policy/ops/explainFleet.ts", text: "  provider_failed: {", by: "  provider_fails: {" },
    ],
    rule: /a cause has a name/,
    from: 0,
  },
  {
    name: "an empty listing is taken for the truth",
    replacements: [
      {
        file: "policy/fleet/doubt.ts",
        text: `  if (machine.seen === "missing") return machine.missed >= MISSED_LISTINGS && isSilent(machine, clock);`,
        by: `  if (machine.seen === "missing" || machine.seen === "unlisted") return machine.missed >= MISSED_LISTINGS;`,
      },
    ],
    rule: /nobody alive is taken for dead/,
    from: 48,
  },
];
