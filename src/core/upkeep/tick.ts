/**
 * The cron's function: once a minute it looks what is due and schedules that, each sweep for itself, so that one that fails or takes
 * long holds up no other. It makes no nested call, writes nothing, and reads at most 20 index ranges by their first row: with
 * nothing due it is one short transaction, and all that runs in that minute.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { EVERY_MINUTE, IN_TURN, isDue, type SweepName } from "./looks.js";

const MINUTE_MS = 60_000;
/** A sweep that goes on stops this long before the next look takes it over. */
const MARGIN_MS = 5_000;

export const tick = asMutation({ args: {}, returns: v.null() })(async (ctx) => {
  const now = Date.now();
  const turn = IN_TURN[Math.floor(now / MINUTE_MS) % IN_TURN.length] ?? [];
  await Promise.all([
    startDue(ctx, EVERY_MINUTE, now, now + MINUTE_MS - MARGIN_MS),
    startDue(ctx, turn, now, now + IN_TURN.length * MINUTE_MS - MARGIN_MS),
  ]);
  return null;
});

async function startDue(
  ctx: MutationCtx,
  names: readonly SweepName[],
  now: number,
  until: number,
): Promise<void> {
  const due = await Promise.all(names.map((name) => isDue(name, ctx, now)));
  for (const [index, name] of names.entries())
    if (due[index]) await ctx.scheduler.runAfter(0, internal.upkeep.sweep, { name, until });
}
