/** Fly, as the fleet's actions use it. */
import type { Adapter } from "../provider.js";
import type { fly } from "./config.js";
import { MAX_STOP_TIMEOUT_MS } from "./createBodies.js";
import { createFlyProvider } from "./flyProvider.js";

export const flyAdapter: Adapter<typeof fly.fields> = {
  maxStopTimeoutMs: MAX_STOP_TIMEOUT_MS,
  settings: (config) => ({
    appName: config.appName,
    image: config.image,
    regions: [...new Set([config.region, ...(config.regions ?? [])])],
    guest: config.guest ?? { cpuKind: "shared", cpus: 1, memoryMb: 2048 },
    volume: { prefix: config.volumeName, path: config.volumePath, sizeGb: config.volumeSizeGb },
    env: config.env ?? {},
  }),
  connect: ({ appName, token }, options) => createFlyProvider(appName, token, options),
};
