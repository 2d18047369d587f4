/** What a worker that subscribes sees of its wake-ups. */
import * as contract from "../../contract/workers.js";
import { POLL_AT_MOST_MS } from "../../policy/worker/pollHint.js";
import { asQuery } from "../functions.js";
import { authorizeWorker } from "./tokens/authorize.js";
import { findWorker } from "./register.js";
import { findWake } from "./wakeRow.js";
import { requireOwnId } from "./whose.js";

/** Reads the caller's credential and its own row, so that no other worker's affairs run it again. */
export const workerWake = asQuery(contract.workerWake)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  await requireOwnId(ctx, grant, await findWorker(ctx, args.workerId));
  const wake = await findWake(ctx, args.workerId);
  return { seq: wake?.seq ?? 0, pollAfterMs: POLL_AT_MOST_MS };
});
