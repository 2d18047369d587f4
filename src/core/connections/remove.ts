/** Forgets a connection's name. Writes `connections`. */
import * as contract from "../../contract/connections.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { DEFAULT_WORKSPACE, findConnection } from "./named.js";

export const removeConnection = asMutation(contract.removeConnection)(async (ctx, args) => {
  const { workspaceId = DEFAULT_WORKSPACE, name } = args;
  const row = await findConnection(ctx, workspaceId, name);
  if (!row) return false;
  await ctx.db.delete(row._id);
  const detail = { workspace: workspaceId };
  await recordAct(ctx, { kind: "connection.removed", actor: "host", subject: name, detail });
  return true;
});
