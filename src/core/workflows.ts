/**
 * The durable workflow engine of this component. All workflows share one installed engine, so its parallelism is set here
 * and nowhere else: differing values would overwrite each other.
 */
import { WorkflowManager } from "@convex-dev/workflow";
import { components } from "../component/_generated/api.js";

const MAX_PARALLELISM = 10;

export const workflows = new WorkflowManager(components.workflow, {
  // Its own progress reports are of no use to an app's operator.
  workpoolOptions: { maxParallelism: MAX_PARALLELISM, logLevel: "WARN" },
});
