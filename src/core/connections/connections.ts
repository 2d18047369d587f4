/** Connections as operators know them: names and what they are for. Writes `connections`. */
import * as contract from "../../contract/connections.js";
import { factoryError } from "../../contract/errors.js";
import { recordAct } from "../audit/record.js";
import { asMutation, asQuery } from "../functions.js";
import { connectionsOf, DEFAULT_WORKSPACE, findConnection } from "./named.js";

const MAX_KIND_CHARS = 64;
const MAX_DESCRIPTION_CHARS = 500;
const MAX_AGENTS = 100;

export const registerConnection = asMutation(contract.registerConnection)(async (ctx, args) => {
  const { workspaceId = DEFAULT_WORKSPACE, name, kind, description, agentKeys } = args;
  const faults: string[] = [];
  if (!contract.connectionName.test(name))
    faults.push("name: 1 to 63 lower-case letters, digits, _ or -, starting with a letter or digit");
  if (kind === "" || kind.length > MAX_KIND_CHARS) faults.push(`kind: 1 to ${MAX_KIND_CHARS} characters`);
  if ((description ?? "").length > MAX_DESCRIPTION_CHARS)
    faults.push(`description: at most ${MAX_DESCRIPTION_CHARS} characters`);
  if ((agentKeys ?? []).length > MAX_AGENTS) faults.push(`agentKeys: at most ${MAX_AGENTS}`);
  if (faults.length > 0) throw factoryError("invalid_argument", faults.join("; "));
  const now = Date.now();
  const content = { kind, description, agentKeys, updatedAt: now };
  const existing = await findConnection(ctx, workspaceId, name);
  if (existing) await ctx.db.patch(existing._id, content);
  else {
    if ((await connectionsOf(ctx, workspaceId)).length >= contract.MAX_CONNECTIONS)
      throw factoryError(
        "invalid_argument",
        `A workspace has at most ${contract.MAX_CONNECTIONS} connections.`,
      );
    await ctx.db.insert("connections", { workspaceId, name, createdAt: now, ...content });
  }
  await recordAct(ctx, {
    kind: "connection.registered",
    actor: "host",
    subject: name,
    detail: { workspace: workspaceId, kind },
  });
  return null;
});

export const removeConnection = asMutation(contract.removeConnection)(async (ctx, args) => {
  const { workspaceId = DEFAULT_WORKSPACE, name } = args;
  const row = await findConnection(ctx, workspaceId, name);
  if (!row) return false;
  await ctx.db.delete(row._id);
  const detail = { workspace: workspaceId };
  await recordAct(ctx, { kind: "connection.removed", actor: "host", subject: name, detail });
  return true;
});

export const listConnections = asQuery(contract.listConnections)(async (ctx, { workspaceId }) => {
  const rows = await connectionsOf(ctx, workspaceId ?? DEFAULT_WORKSPACE);
  return rows.map(({ _id, _creationTime, description = null, agentKeys = null, ...row }) => ({
    ...row,
    description,
    agentKeys,
  }));
});
