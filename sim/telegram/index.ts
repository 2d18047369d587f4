export { startTelegramServer } from "./server.js";
export { GENEROUS_RATE_LIMITS, REAL_RATE_LIMITS } from "./rateLimits.js";
export type * from "./types.js";
export { openPairingLinks } from "./pairing.js";
