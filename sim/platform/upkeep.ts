import type { Backend } from "./app/backend.js";

/** Rows deleted per component and pass, so that a pass stays short. */
const MAX_DELETES = 500;

/**
 * Deletes finished rows of `_scheduled_functions` that are older than `retentionMs`. convex-test keeps them for ever
 * and looks at every document of a component in every query.
 */
export async function pruneScheduled(backend: Backend, retentionMs: number): Promise<void> {
  const before = Date.now() - retentionMs;
  for (const { path } of backend.installations) {
    await backend.transaction(path, async (ctx) => {
      const rows = await ctx.db.system.query("_scheduled_functions").collect();
      const finished = rows.filter(
        (row) =>
          row.scheduledTime < before && row.state.kind !== "pending" && row.state.kind !== "inProgress",
      );
      // The types rightly forbid deleting system rows; convex-test allows it, and only the platform does it.
      for (const row of finished.slice(0, MAX_DELETES)) await ctx.db.delete(row._id as never);
      return null;
    });
  }
}
