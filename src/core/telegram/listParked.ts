/** Updates that could not become messages, newest first. Reads `parkedUpdates`. */
import * as contract from "../../contract/telegram.js";
import { asQuery } from "../functions.js";

const DEFAULT_LIMIT = 50;
/** A row holds at most 64 Ki characters of an update: 50 rows stay far below what one query may read. */
const MAX_LIMIT = 50;

export const listParkedUpdates = asQuery(contract.listParkedUpdates)(async (ctx, { limit }) => {
  const wanted = Math.min(Math.max(Math.floor(limit ?? DEFAULT_LIMIT), 1), MAX_LIMIT);
  const rows = await ctx.db.query("parkedUpdates").withIndex("by_parkedAt").order("desc").take(wanted);
  return rows.map((row) => ({
    parkedId: row._id,
    parkedAt: row.parkedAt,
    botId: row.botId,
    updateId: row.updateId,
    agentKey: row.agentKey,
    code: row.code,
    message: row.message,
    rawUpdateJson: row.rawUpdateJson,
  }));
});
