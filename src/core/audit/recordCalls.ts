/** What the app's side of this product writes down: its HTTP routes and exposed functions have no database of ours. */
import * as contract from "../../contract/audit.js";
import { asMutation } from "../functions.js";
import { recordAct } from "./record.js";
import { recordRefusal as countRefusal } from "./tally.js";
import { cutText } from "../../policy/text/cut.js";

const MAX_OPERATION_CHARS = 100;

export const recordRefusal = asMutation(contract.recordRefusal)(async (ctx, refusal) => {
  await countRefusal(ctx, refusal);
  return null;
});

export const recordAdminOperation = asMutation(contract.recordAdminOperation)(async (
  ctx,
  { operation, userId, scope },
) => {
  await recordAct(ctx, {
    kind: "admin.operation",
    actor: userId === null ? "operator" : `user:${userId}`,
    subject: cutText(operation, MAX_OPERATION_CHARS),
    detail: scope,
  });
  return null;
});
