/**
 * Limits refusals at the gateway, so that guessing and misconfigured workers are slowed down while good calls pay
 * nothing. A fixed window of one minute per token id, or per error code where no token is known; once it is full it is only
 * read, so that a flood does not conflict with itself over it.
 */
import * as contract from "../../../contract/tokens.js";
import { errorCodes } from "../../../contract/errors.js";
import { recordRefusal } from "../../audit/tally.js";
import { loadRuntime } from "../../config/runtime.js";
import { asMutation } from "../../functions.js";
import { tokenRow } from "./authorize.js";
import { WINDOW_MS } from "./due.js";

export const noteWorkerRefusal = asMutation(contract.noteWorkerRefusal)(async (ctx, args) => {
  const code = errorCodes.find((known) => known === args.code) ?? "internal";
  const token = args.tokenId === undefined ? null : await tokenRow(ctx, args.tokenId);
  const key = token?.tokenId ?? code;
  await recordRefusal(ctx, { door: args.door, reason: code, subject: token?.tokenId });
  const { policies } = await loadRuntime(ctx);
  const now = Date.now();
  const row = await ctx.db
    .query("refusalWindows")
    .withIndex("by_key", (q) => q.eq("key", key))
    .first();
  const current = row !== null && now - row.windowStart < WINDOW_MS ? row : null;
  if (current && current.count >= policies.gateway.refusalsPerMinute) {
    return { limited: true, retryAfterMs: Math.max(1, current.windowStart + WINDOW_MS - now) };
  }
  if (current) await ctx.db.patch(current._id, { count: current.count + 1 });
  else if (row) await ctx.db.patch(row._id, { windowStart: now, count: 1 });
  else await ctx.db.insert("refusalWindows", { key, windowStart: now, count: 1 });
  return { limited: false, retryAfterMs: 0 };
});
