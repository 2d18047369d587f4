/** Updates that could not become messages, newest first. Reads `parkedUpdates`. */
import * as contract from "../../contract/telegram.js";
import { parkedFields } from "../../policy/compat/contacts.js";
import { asQuery } from "../functions.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 50;

export const listParkedUpdates = asQuery(contract.listParkedUpdates)(async (ctx, { limit }) => {
  const wanted = clampLimit(limit, DEFAULT_LIMIT, MAX_LIMIT);
  const rows = await pageOf(ctx.db.query("parkedUpdates").withIndex("by_parkedAt").order("desc"), wanted);
  return rows.map((row) => ({
    parkedId: row._id,
    parkedAt: row.parkedAt,
    ...parkedFields(row),
    agentKey: row.agentKey,
    code: row.code,
    message: row.message,
    rawUpdateJson: row.rawUpdateJson,
  }));
});
