/** A code becomes a binding, once. Writes `pairingCodes`, `identityBindings`. */
import { factoryError, type ErrorCode } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { contactOf, type Contact } from "../../policy/compat/contacts.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { asMutation } from "../functions.js";
import { findAccount, isServedBy, type AccountKey } from "../channels/accounts.js";
import { bind } from "./bindUserAgent.js";
import { expire, findByCode } from "./pairingCodes.js";
import { pairingView } from "./views.js";

export interface PairingRefusal {
  ok: false;
  code: ErrorCode;
  message: string;
}
export type PairingResult = { ok: true; pairing: Doc<"pairingCodes"> } | PairingRefusal;

const refusal = (code: ErrorCode, message: string): PairingRefusal => ({ ok: false, code, message });
export const notFound = refusal("pairing_code_not_found", "Pairing code not found");
const ended = refusal("pairing_code_ended", "Pairing code already used or expired");
const overdue = refusal("pairing_code_expired", "Pairing code expired");
const unavailable = refusal("agent_not_found", "The agent of this pairing code is switched off or gone");
/** The host vouches for the ids. A failure throws, so an overdue code is expired by its timer instead. */
export const consumePairingCode = asMutation(contract.consumePairingCode)(async (ctx, { code, ...named }) => {
  const row = await findByCode(ctx, code);
  const result = row === null ? notFound : await consumeRow(ctx, row, contactOf(named), null);
  if (!result.ok) throw factoryError(result.code, result.message);
  return pairingView(result.pairing, code);
});

/** Binds the code's user to the contact, once. `account` null: the host says so, and no account of ours is in between. */
export async function consumeRow(
  ctx: MutationCtx,
  row: Doc<"pairingCodes">,
  { channel, userId, chatId }: Contact,
  account: AccountKey | null,
): Promise<PairingResult> {
  const refused = await whyNot(ctx, row, userId, account);
  if (refused !== null) return refused;
  if (row.status === "used") return { ok: true, pairing: row };
  const accountId = account?.accountId ?? row.accountId;
  const known = accountId === undefined ? null : await findAccount(ctx, { channel, accountId });
  const accountName = known?.username ?? row.accountName;
  const contact = { channel, userId, chatId };
  const { consumerUserId, agentKey } = row;
  const from = accountId === undefined ? undefined : { accountId, username: accountName };
  await bind(ctx, { consumerUserId, agentKey, source: "pairing", byHost: false, contact, account: from });
  const status = "used" as const;
  const used = { ...contact, status, sealed: undefined, usedAt: Date.now(), accountId, accountName };
  await ctx.db.patch(row._id, used);
  return { ok: true, pairing: { ...row, ...used } };
}

/** Why a code binds nobody now; null also for one that this very user has used: a channel repeats what it heard no answer to. */
export async function whyNot(
  ctx: MutationCtx,
  row: Doc<"pairingCodes">,
  userId: string | undefined,
  account: AccountKey | null,
): Promise<PairingRefusal | null> {
  if (account !== null && !(await mayConsume(ctx, row, account))) return notFound;
  if (row.status !== "pending") {
    const repeated = account !== null && row.status === "used" && row.userId === userId;
    return repeated ? null : ended;
  }
  if (row.expiresAt <= Date.now()) {
    await expire(ctx, row._id);
    return overdue;
  }
  // It would take the user from an agent that works.
  return (await findAgent(ctx, row.agentKey))?.enabled === true ? null : unavailable;
}

async function mayConsume(ctx: QueryCtx, row: Doc<"pairingCodes">, account: AccountKey): Promise<boolean> {
  if (row.channel !== account.channel) return false;
  if (row.accountId !== undefined) return row.accountId === account.accountId;
  const agent = await findAgent(ctx, row.agentKey);
  return agent !== null && (await isServedBy(ctx, agent, account));
}
