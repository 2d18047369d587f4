/** Workers and their credentials, as operators see them. */
import * as tokens from "../../contract/tokens.js";
import * as workers from "../../contract/workers.js";
import { row } from "./row.js";

export const workersSurface = {
  workerStats: row("workerStats", { kind: "query", access: "read", args: workers.workerStats.args }),
  createAgentWorkerToken: row("createAgentWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: tokens.createAgentWorkerToken.args,
    scope: ({ workerId, workspace }) => ({ workerId, workspace }),
  }),
  listWorkerTokens: row("listWorkerTokens", {
    kind: "query",
    access: "admin",
    args: tokens.listWorkerTokens.args,
  }),
  rotateWorkerToken: row("rotateWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: tokens.rotateWorkerToken.args,
  }),
  revokeWorkerToken: row("revokeWorkerToken", {
    kind: "mutation",
    access: "admin",
    args: tokens.revokeWorkerToken.args,
  }),
};
