/** Workers and their credentials, as operators see them. */
import * as contract from "../../contract/workers.js";
import { row } from "./row.js";

export const workersSurface = {
  workerStats: row("workerStats", { kind: "query", access: "read", args: contract.workerStats.args }),
  createAgentWorkerToken: row("createAgentWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: contract.createAgentWorkerToken.args,
    scope: ({ workerId, workspace }) => ({ workerId, workspace }),
  }),
  listWorkerTokens: row("listWorkerTokens", {
    kind: "query",
    access: "admin",
    args: contract.listWorkerTokens.args,
  }),
  rotateWorkerToken: row("rotateWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: contract.rotateWorkerToken.args,
  }),
  revokeWorkerToken: row("revokeWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: contract.revokeWorkerToken.args,
  }),
};
