/** What is known of connections. */
import * as contract from "../../contract/connections.js";
import { asQuery } from "../functions.js";
import { connectionsOf, DEFAULT_WORKSPACE } from "./named.js";

export const listConnections = asQuery(contract.listConnections)(async (ctx, { workspaceId }) => {
  const rows = await connectionsOf(ctx, workspaceId ?? DEFAULT_WORKSPACE);
  return rows.map(({ _id, _creationTime, description = null, agentKeys = null, ...row }) => ({
    ...row,
    description,
    agentKeys,
  }));
});
