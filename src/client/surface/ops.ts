/** What operators ask about messages and machines. */
import * as contract from "../../contract/ops.js";
import { row } from "./row.js";

export const opsSurface = {
  explainMessage: row("explainMessage", {
    kind: "query",
    access: "admin",
    args: contract.explainMessage.args,
    scope: ({ messageId }) => ({ messageId }),
  }),
  fleetOverview: row("fleetOverview", { kind: "query", access: "admin", args: contract.fleetOverview.args }),
  fleetHealth: row("fleetHealth", { kind: "query", access: "admin", args: contract.fleetHealth.args }),
  orphanReport: row("orphanReport", { kind: "query", access: "admin", args: contract.orphanReport.args }),
  collectOrphans: row("collectOrphans", {
    kind: "mutation",
    access: "admin",
    args: contract.collectOrphans.args,
  }),
};
