/** Retention of secret versions. */
import { loadRuntime } from "../config/runtime.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { dueSecrets } from "./due.js";
import { wipeVersion } from "./wipe.js";

/** Rows carry values of up to 64 KiB. */
const BATCH = 50;

/**
 * Wipes superseded versions after `secrets.supersededGraceMs` and forgets wiped ones after `secrets.historyRetentionMs`, a
 * batch of each. Returns how many rows it changed.
 */
export async function sweepSecrets(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const due = dueSecrets(ctx, now, (await loadRuntime(ctx)).policies.secrets);
  const superseded = await due.superseded.take(BATCH);
  for (const row of superseded) await wipeVersion(ctx, row, now);
  const forgotten = await due.forgotten.take(BATCH);
  for (const row of forgotten) await ctx.db.delete(row._id);
  return superseded.length + forgotten.length;
}
