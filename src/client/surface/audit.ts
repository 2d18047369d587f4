/** The audit log, for operators. It is written by the component and by this package alone. */
import * as contract from "../../contract/audit.js";
import { row } from "./row.js";

export const auditSurface = {
  auditHead: row("auditHead", { kind: "query", access: "admin", args: contract.auditHead.args }),
  exportAudit: row("exportAudit", { kind: "query", access: "admin", args: contract.exportAudit.args }),
};
