/** Retention of secret versions. */
import { loadRuntime } from "../config/runtime.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { dueSecrets } from "./due.js";
import { wipeVersion } from "./wipe.js";

/**
 * Wipes superseded versions after `secrets.supersededGraceMs` and forgets wiped ones after `secrets.historyRetentionMs`, a
 * batch of each. Returns how many rows it changed.
 */
export async function sweepSecrets(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const due = dueSecrets(ctx, now, (await loadRuntime(ctx)).policies.secrets);
  for (const row of await batch.take(due.superseded, { shares: 2 })) await wipeVersion(ctx, row, now);
  for (const row of await batch.take(due.forgotten, { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}
