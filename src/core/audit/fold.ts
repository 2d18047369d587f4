/**
 * Turns the tallies of ended windows into lines of the log. Runs inside the single-flight sealing step. Writes `auditLog`,
 * deletes from `auditTallies`.
 */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { dueTallies } from "./due.js";
import { mergeExamples } from "./tally.js";

const BATCH = 300;

/**
 * Folds one batch; true when there may be more. What it reads lies before the windows that are written to, so counting does
 * not make it retry.
 */
export async function foldTallies(ctx: MutationCtx, now: number): Promise<boolean> {
  const rows = await dueTallies(ctx, now).take(BATCH);
  const groups: Doc<"auditTallies">[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group?.[0] && isSame(group[0], row)) group.push(row);
    else groups.push([row]);
  }
  const isCut = rows.length === BATCH;
  // The last group may go on in the next batch: it is carried over as one row, so that it becomes one line.
  const last = isCut ? groups.pop() : undefined;
  for (const group of groups) {
    const [first] = group;
    if (first) await logGroup(ctx, first, sumOf(group));
    for (const row of group) await ctx.db.delete(row._id);
  }
  const [kept, ...merged] = last ?? [];
  if (kept && merged.length > 0) {
    await ctx.db.patch(kept._id, sumOf([kept, ...merged]));
    for (const row of merged) await ctx.db.delete(row._id);
  }
  // A group of one row at the end of a full batch is first in the next one, with all that follows.
  return isCut;
}

async function logGroup(
  ctx: MutationCtx,
  { windowEnd, kind, actor, subject }: Doc<"auditTallies">,
  { count, examples }: { count: number; examples: string[] },
): Promise<void> {
  await ctx.db.insert("auditLog", {
    at: windowEnd,
    kind,
    actor,
    subject,
    detail: {
      count: String(count),
      ...(examples.length > 0 ? { examples: examples.join(" ") } : {}),
    },
  });
}

const isSame = (a: Doc<"auditTallies">, b: Doc<"auditTallies">): boolean =>
  a.windowEnd === b.windowEnd && a.kind === b.kind && a.actor === b.actor && a.subject === b.subject;

const sumOf = (rows: readonly Doc<"auditTallies">[]): { count: number; examples: string[] } => ({
  count: rows.reduce((sum, row) => sum + row.count, 0),
  examples: rows.reduce<string[]>((kept, row) => mergeExamples(kept, row.examples), []),
});
