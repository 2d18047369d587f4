/** Connections and probes: what operators say and ask about workers in other networks. */
import * as connections from "../../contract/connections.js";
import * as probes from "../../contract/probes.js";
import { row } from "./row.js";

export const connectionsSurface = {
  registerConnection: row("registerConnection", {
    kind: "mutation",
    access: "admin",
    args: connections.registerConnection.args,
    scope: ({ workspaceId }) => ({ workspace: workspaceId }),
  }),
  listConnections: row("listConnections", {
    kind: "query",
    access: "admin",
    args: connections.listConnections.args,
    scope: ({ workspaceId }) => ({ workspace: workspaceId }),
  }),
  removeConnection: row("removeConnection", {
    kind: "mutation",
    access: "admin",
    args: connections.removeConnection.args,
    scope: ({ workspaceId }) => ({ workspace: workspaceId }),
  }),
  requestProbe: row("requestProbe", {
    kind: "mutation",
    access: "admin",
    args: probes.requestProbe.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
  getProbe: row("getProbe", { kind: "query", access: "admin", args: probes.getProbe.args }),
  listProbes: row("listProbes", {
    kind: "query",
    access: "admin",
    args: probes.listProbes.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
  workerReportProbe: row("reportProbe", {
    kind: "mutation",
    access: "worker",
    args: probes.reportProbe.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
};
