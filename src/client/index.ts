/** What an app imports: its functions (`exposeApi`, `exposeOperatorApi`) and its HTTP routes (`registerRoutes`). */
export type { AuthCallback, AuthOperation, AuthResult } from "./auth.js";
export { exposeApi, exposeOperatorApi, type ExposeApiOptions } from "./exposeApi.js";
export { registerRoutes, type RegisterRoutesOptions } from "./registerRoutes.js";
export type { ExposedApi, OperatorApi } from "./surface/registered.js";
export type { AccessClass, OperationScope } from "./surface/row.js";
export type { TelegramUpdate } from "./telegram/updateSchema.js";
export { errorCodes, errorDataOf, type ErrorCode, type ErrorData } from "../contract/errors.js";
export {
  defaultPathPrefix,
  gatewayPath,
  telegramWebhookPath,
  type GatewayOperation,
} from "../contract/gateway.js";
export { defaultPolicies, type Policies, type PolicyOverrides } from "../contract/policies.js";
export type { HistoryItem, HydrationBundle, Job, Payload, QueueStatus } from "../contract/queue.js";
