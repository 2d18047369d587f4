/** A worker's answer to a probe. Writes `probes`. */
import { findGiven } from "../bounds/texts.js";
import * as contract from "../../contract/probes.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findWorker } from "../workers/register.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { isOwnId } from "../workers/whose.js";
import { cutText } from "../../policy/text/cut.js";

const MAX_MESSAGE_CHARS = 500;
const MAX_CODE_CHARS = 40;

export const reportProbe = asMutation(contract.reportProbe)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  if (!(await isOwnId(ctx, grant, await findWorker(ctx, args.workerId)))) return false;
  const row = await findGiven(ctx, "probes", args.probeId);
  if (row?.workerId !== args.workerId) return false;
  if (grant.workspace !== null && grant.workspace !== row.workspace) return false;
  if (row.status !== "waiting") return row.status === "done";
  const code = cutText(args.result.code, MAX_CODE_CHARS);
  const result = { ...args.result, code, message: cutText(args.result.message, MAX_MESSAGE_CHARS) };
  await ctx.db.patch(row._id, { status: "done", finishedAt: Date.now(), result });
  await recordAct(ctx, {
    kind: "probe.answered",
    actor: `worker:${row.workerId}`,
    subject: row.workerId,
    detail: { probeId: row._id, result: result.code },
  });
  return true;
});
