/** Destroying values: what is left of a version says that it existed, and nothing of its value. Writes `secrets` and a line in the audit log. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { v } from "convex/values";
import * as contract from "../../contract/secrets.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import { activeSecret, requireKnownSecret } from "./vault.js";
import { loadRuntime } from "../config/runtime.js";
import { Batch } from "../bounds/batch.js";
import { dueSecrets } from "./due.js";

/** Empties both byte fields: without the wrapped key the value could not be opened even from a copy of the row's value. */
async function wipeVersion(ctx: MutationCtx, row: Doc<"secrets">, now: number): Promise<void> {
  await ctx.db.patch(row._id, {
    encryptedValue: new ArrayBuffer(0),
    wrappedKey: new ArrayBuffer(0),
    active: false,
    supersededAt: row.supersededAt ?? now,
    wipedAt: now,
  });
}

/** Rows carry values of up to 64 KiB. */
const BATCH = 50;

export const deleteSecret = asMutation(contract.deleteSecret)(async (ctx, { secretRef }) => {
  await requireKnownSecret(ctx, secretRef);
  const active = await activeSecret(ctx, secretRef);
  if (active) await wipeVersion(ctx, active, Date.now());
  const others = await wipeBatch(ctx, secretRef);
  const wipedVersions = others + (active ? 1 : 0);
  if (wipedVersions > 0) {
    const detail = { wipedVersions: String(wipedVersions) };
    await recordAct(ctx, { kind: "secret.deleted", actor: "host", subject: secretRef, detail });
  }
  return { secretRef, wipedVersions };
});

/** The rest of a secret with very many versions; one that was imported since is active and stays. */
export const wipeRest = asMutation({ args: { secretRef: v.string() }, returns: v.null() })(async (
  ctx,
  { secretRef },
) => {
  await wipeBatch(ctx, secretRef);
  return null;
});

async function wipeBatch(ctx: MutationCtx, secretRef: string): Promise<number> {
  const rows = await ctx.db
    .query("secrets")
    .withIndex("by_secretRef_and_wipedAt", (q) => q.eq("secretRef", secretRef).eq("wipedAt", undefined))
    .take(BATCH);
  const superseded = rows.filter((row) => !row.active);
  for (const row of superseded) await wipeVersion(ctx, row, Date.now());
  if (rows.length === BATCH && superseded.length > 0)
    await ctx.scheduler.runAfter(0, internal.upkeep.wipeSecretRest, { secretRef });
  return superseded.length;
}

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
