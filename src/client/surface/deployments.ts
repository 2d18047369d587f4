/** Agent workers as deployments: for operators alone, as a provisioned environment holds a credential. */
import * as contract from "../../contract/deployments.js";
import * as workers from "../../contract/workers.js";
import { row } from "./row.js";

export const deploymentsSurface = {
  provisionAgentWorker: row("provisionAgentWorker", {
    kind: "mutation",
    access: "admin",
    args: contract.provisionAgentWorker.args,
    scope: ({ workerId, workspace }) => ({ workerId, workspace }),
  }),
  listDeployments: row("listDeployments", {
    kind: "query",
    access: "admin",
    args: contract.listDeployments.args,
  }),
  workerHours: row("workerHours", { kind: "query", access: "admin", args: contract.workerHours.args }),
  workerHello: row("workerHello", {
    kind: "mutation",
    access: "worker",
    args: workers.workerHello.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
};
