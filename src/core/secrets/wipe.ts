/** Destroying values. What is left of a version says that it existed, and nothing of its value. */
import { loadRuntime } from "../config/runtime.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { dueSecrets } from "./due.js";

/** Rows carry values of up to 64 KiB. */
const BATCH = 50;

/** Empties both byte fields: without the wrapped key the value could not be opened even from a copy of the row's value. */
export async function wipeVersion(ctx: MutationCtx, row: Doc<"secrets">, now: number): Promise<void> {
  await ctx.db.patch(row._id, {
    encryptedValue: new ArrayBuffer(0),
    wrappedKey: new ArrayBuffer(0),
    active: false,
    supersededAt: row.supersededAt ?? now,
    wipedAt: now,
  });
}

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
