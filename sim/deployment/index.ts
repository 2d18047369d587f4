export { DeploymentError } from "./functionApi.js";
export { openDeployment } from "./open.js";
export { newRunId } from "./runId.js";
export type * from "./types.js";
