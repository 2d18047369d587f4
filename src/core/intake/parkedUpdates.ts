/** Updates that could not become messages: listed, taken after all, or given up. Reads and deletes `parkedUpdates`; writes what enqueueing writes. */
import { findGiven } from "../bounds/texts.js";
import * as contract from "../../contract/telegram.js";
import { parkedFields } from "../../policy/compat/contacts.js";
import { asQuery, asMutation } from "../functions.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import { factoryError } from "../../contract/errors.js";
import { channelOf } from "../channels/registry.js";
import { enqueueEvent } from "./ingest.js";
import { routeOf } from "./route.js";

const MAX_LIMIT = 50;

export const listParkedUpdates = asQuery(contract.listParkedUpdates)(async (ctx, { limit }) => {
  const wanted = clampLimit(limit, MAX_LIMIT, MAX_LIMIT);
  const rows = await pageOf(ctx.db.query("parkedUpdates").withIndex("by_parkedAt").order("desc"), wanted);
  return rows.map((row) => {
    const { _id: parkedId, parkedAt, agentKey, code, message, rawUpdateJson } = row;
    return { parkedId, parkedAt, ...parkedFields(row), agentKey, code, message, rawUpdateJson };
  });
});

export const redriveParkedUpdate = asMutation(contract.redriveParkedUpdate)(async (ctx, args) => {
  const row = await findGiven(ctx, "parkedUpdates", args.parkedId);
  if (!row) throw factoryError("parked_update_not_found", "There is no parked update of this id");
  const agentKey = args.agentKey?.trim() ?? row.agentKey;
  if (agentKey === "") {
    throw factoryError("parked_update_incomplete", "The update has no agent: name one in agentKey");
  }
  const { channel, accountId, eventId, rawUpdateJson } = row;
  const parsed = row.truncated === true ? undefined : channelOf(channel).parse?.(rawUpdateJson);
  const message = parsed?.kind === "event" ? parsed.event : null;
  if (message?.kind !== "message") {
    throw factoryError("parked_update_incomplete", "Only the beginning of this update was kept");
  }
  const source = { channel, accountId, eventId };
  const options = { resolveFromBinding: false, requireBinding: false, fallbackAgentKey: agentKey };
  const route = await routeOf(ctx, message, source, { ...options, namedAgentKey: agentKey });
  const at = { agentKey, binding: route?.binding ?? null, ...source, rawUpdateJson };
  const messageId = await enqueueEvent(ctx, message, at);
  await ctx.db.delete(row._id);
  return { messageId };
});

export const discardParkedUpdate = asMutation(contract.discardParkedUpdate)(async (ctx, { parkedId }) => {
  const row = await findGiven(ctx, "parkedUpdates", parkedId);
  if (row) await ctx.db.delete(row._id);
  return { discarded: row !== null };
});
