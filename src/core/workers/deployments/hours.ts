/** The worker-hours of one month, by token and worker. */
import * as contract from "../../../contract/deployments.js";
import { factoryError } from "../../../contract/errors.js";
import { isMonth } from "../../../policy/deployments/month.js";
import { asQuery } from "../../functions.js";
import { clampLimit } from "../../bounds/bounded.js";
import { tokenRow } from "../tokens/authorize.js";

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 500;
const HOUR_MS = 3_600_000;

export const workerHours = asQuery(contract.workerHours)(async (ctx, args) => {
  if (!isMonth(args.month)) {
    const message = "month must be a calendar month in UTC, such as 2030-01.";
    throw factoryError("invalid_argument", message, { argument: "month" });
  }
  const limit = clampLimit(args.limit, DEFAULT_LIMIT, MAX_LIMIT);
  const found = await ctx.db
    .query("workerHours")
    .withIndex("by_month", (q) => q.eq("month", args.month))
    .take(limit + 1);
  const shown = found.slice(0, limit);
  const tokens = new Map(
    await Promise.all(
      [...new Set(shown.map(({ tokenId }) => tokenId))].map(
        async (tokenId) => [tokenId, await tokenRow(ctx, tokenId)] as const,
      ),
    ),
  );
  const rows = shown.map(({ worker, tokenId, aliveMs }) => ({
    workerId: worker === "" ? null : worker,
    tokenId,
    workspace: tokens.get(tokenId)?.workspace ?? null,
    group: tokens.get(tokenId)?.group ?? null,
    hours: aliveMs / HOUR_MS,
  }));
  const totalHours = rows.reduce((sum, { hours }) => sum + hours, 0);
  return { month: args.month, rows, totalHours, capped: found.length > limit };
});
