import { defineSchema } from "convex/server";
import { agentsTables } from "../core/agents/tables.js";
import { attachmentsTables } from "../core/attachments/tables.js";
import { auditTables } from "../core/audit/tables.js";
import { configTables } from "../core/config/tables.js";
import { connectionsTables } from "../core/connections/tables.js";
import { identityTables } from "../core/identity/tables.js";
import { fleetTables } from "../core/fleet/tables.js";
import { probesTables } from "../core/probes/tables.js";
import { pushingTables } from "../core/pushing/tables.js";
import { queueTables } from "../core/queue/tables.js";
import { secretsTables } from "../core/secrets/tables.js";
import { skillsTables } from "../core/skills/tables.js";
import { snapshotsTables } from "../core/snapshots/tables.js";
import { channelsTables } from "../core/channels/tables.js";
import { intakeTables } from "../core/intake/tables.js";
import { deploymentTables } from "../core/workers/deployments/tables.js";
import { workersTables } from "../core/workers/tables.js";
import { wakesTables } from "../core/workers/wakeTables.js";
import { tokenTables } from "../core/workers/tokens/tables.js";

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
  ...channelsTables,
  ...intakeTables,
  ...attachmentsTables,
  ...snapshotsTables,
  ...identityTables,
  ...skillsTables,
  ...auditTables,
  ...connectionsTables,
  ...probesTables,
});
