/** Faults that the fleet's schedules find seldom (`mutants.ts` has the others): they are looked for in the long run alone. */
import type { Mutant } from "../schedules/mutants/index.js";

export const RARE_FLEET_MUTANTS: Mutant[] = [
  {
    name: "what a machine took over unsaved counts as saved when it does not boot",
    replacements: [
      {
        file: "core/fleet/quarantine.ts",
        text: "    inherited: (await findQuarantined(ctx, volumeId)) !== null,",
        by: "    inherited: false,",
      },
    ],
    rule: /no unsaved memory is deleted/,
    from: 114,
  },
  {
    name: "what nobody owns is not forgotten when it is gone",
    replacements: [
      {
        file: "core/fleet/orphans.ts",
        text: "  for (const row of rows) if (isOver(row.providerId)) await ctx.db.delete(row._id);",
        by: "  for (const row of rows) if (isOver(row.providerId) && row.listings < 0) await ctx.db.delete(row._id);",
      },
      {
        file: "core/fleet/orphans.ts",
        text: "    await ctx.db.delete(orphan);",
        by: "",
      },
    ],
    rule: /fleetHealth has no finding that is not true/,
    from: 26,
  },
];
