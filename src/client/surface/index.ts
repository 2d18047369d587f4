/** Every exposed function. A function that is not here is reached by the host through `components.…` alone. */
import { agentsSurface } from "./agents.js";
import { queueSurface } from "./queue.js";
import { secretsSurface } from "./secrets.js";
import { telegramSurface } from "./telegram.js";
import { workerCallsSurface } from "./workerCalls.js";
import { workersSurface } from "./workers.js";

export const surface = {
  ...queueSurface,
  ...workerCallsSurface,
  ...agentsSurface,
  ...secretsSurface,
  ...telegramSurface,
  ...workersSurface,
};
export type Surface = typeof surface;
