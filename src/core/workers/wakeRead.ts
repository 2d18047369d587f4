/** What a worker that subscribes sees of its wake-ups. */
import * as contract from "../../contract/workers.js";
import { POLL_AT_MOST_MS } from "../../policy/worker/pollHint.js";
import { asQuery } from "../functions.js";
import { authorizeWorker } from "./tokens/authorize.js";
import { findWake } from "./wakeRow.js";

/** Reads the caller's credential and its own row, so that no other worker's affairs run it again. */
export const workerWake = asQuery(contract.workerWake)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  const wake = await findWake(ctx, args.workerId);
  return { seq: wake?.seq ?? 0, pollAfterMs: POLL_AT_MOST_MS };
});
