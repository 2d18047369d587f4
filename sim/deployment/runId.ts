import { randomBytes } from "node:crypto";

/** Part of every name that a run makes on a deployment, so that runs on the same one do not meet. */
export const newRunId = (): string => randomBytes(4).toString("hex");
