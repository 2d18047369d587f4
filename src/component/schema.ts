import { defineSchema } from "convex/server";
import { agentsTables } from "./agents/tables.js";
import { attachmentsTables } from "./attachments/tables.js";
import { auditTables } from "./audit/tables.js";
import { configTables } from "./config/tables.js";
import { connectionsTables } from "./connections/tables.js";
import { identityTables } from "./identity/tables.js";
import { fleetTables } from "./fleet/tables.js";
import { probesTables } from "./probes/tables.js";
import { pushingTables } from "./pushing/tables.js";
import { queueTables } from "./queue/tables.js";
import { secretsTables } from "./secrets/tables.js";
import { skillsTables } from "./skills/tables.js";
import { snapshotsTables } from "./snapshots/tables.js";
import { telegramTables } from "./telegram/tables.js";
import { deploymentTables } from "./workers/deployments/tables.js";
import { workersTables } from "./workers/tables.js";
import { wakesTables } from "./workers/wakeTables.js";
import { tokenTables } from "./workers/tokens/tables.js";

/** Each domain owns its tables; each table says who writes it, who reads it and until when it grows. */
export default defineSchema({
  ...queueTables,
  ...pushingTables,
  ...agentsTables,
  ...fleetTables,
  ...configTables,
  ...workersTables,
  ...wakesTables,
  ...tokenTables,
  ...deploymentTables,
  ...secretsTables,
  ...telegramTables,
  ...attachmentsTables,
  ...snapshotsTables,
  ...identityTables,
  ...skillsTables,
  ...auditTables,
  ...connectionsTables,
  ...probesTables,
});
