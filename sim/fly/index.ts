export { startFlyServer } from "./server.js";
export { createFlySimulator } from "./simulator.js";
export { PretendLauncher, type PretendProcess } from "./pretendLauncher.js";
export { ProcessLauncher, type ImageCommand } from "./processLauncher.js";
export { NO_FLY_LIMITS } from "./rateLimits.js";
export type * from "./types.js";
export type { CloudFaultInput } from "./cloudFaults.js";
export type { Launcher, LaunchJob } from "./launcher.js";
