/**
 * What an app's `http.ts` imports, as `@okrlinkhub/agent-factory/http`. The root entry point has it too, but every request
 * would then load what the app's functions are made of: the Convex CLI's bundler puts what is imported through one entry
 * point into one chunk.
 */
export { registerRoutes, type RegisterRoutesOptions } from "./registerRoutes.js";
export type { TelegramUpdate } from "../policy/telegram/updateSchema.js";
export { type GatewayOperation } from "../contract/gateway.js";
export { defaultPathPrefix, gatewayPath, telegramWebhookPath } from "../contract/paths.js";
