/** Every exposed function. A function that is not here is reached by the host through `components.…` alone. */
import { agentsSurface } from "./agents.js";
import { auditSurface } from "./audit.js";
import { connectionsSurface } from "./connections.js";
import { deploymentsSurface } from "./deployments.js";
import { fleetSurface } from "./fleet.js";
import { identitySurface } from "./identity.js";
import { opsSurface } from "./ops.js";
import { pushingSurface } from "./pushing.js";
import { queueSurface } from "./queue.js";
import { secretsSurface } from "./secrets.js";
import { skillsSurface } from "./skills.js";
import { snapshotsSurface } from "./snapshots.js";
import { telegramSurface } from "./telegram.js";
import { viewsSurface } from "./views.js";
import { workerCallsSurface } from "./workerCalls.js";
import { workersSurface } from "./workers.js";

export const surface = {
  ...queueSurface,
  ...workerCallsSurface,
  ...agentsSurface,
  ...secretsSurface,
  ...auditSurface,
  ...telegramSurface,
  ...identitySurface,
  ...snapshotsSurface,
  ...skillsSurface,
  ...viewsSurface,
  ...workersSurface,
  ...deploymentsSurface,
  ...connectionsSurface,
  ...fleetSurface,
  ...opsSurface,
  ...pushingSurface,
};
export type Surface = typeof surface;
