/** What an app imports: its functions (`exposeApi`, `exposeOperatorApi`) and its HTTP routes (`registerRoutes`). */
export type { AuthCallback, AuthContext, AuthOperation, AuthResult } from "./auth.js";
export {
  resolveBridgeRuntimeConfig,
  type HydratedBridgeRuntimeConfig,
  type ResolvedBridgeRuntimeConfig,
} from "./bridge/config.js";
export { executeBridgeFunction, type BridgeExecutionResult } from "./bridge/execute.js";
export {
  bridgeFunctionKeyFromToolName,
  isBridgeToolName,
  maybeExecuteBridgeToolCall,
} from "./bridge/tools.js";
export { exposeApi, type ExposeApiOptions } from "./exposeApi.js";
export { exposeOperatorApi } from "./exposeApi.js";
export { adminsByIdentifier, allowAdmins, type Admins } from "./policies/admins.js";
export type { IdentityOptions } from "./policies/identity.js";
export { boundConversations, byMembership, type MembershipOptions } from "./policies/membership.js";
export {
  ownDataOnly,
  type AgentOwner,
  type AgentUse,
  type ConversationOwner,
  type OwnDataOptions,
  type WorkspaceOwner,
} from "./policies/ownData.js";
export { registerRoutes, type RegisterRoutesOptions } from "./registerRoutes.js";
export type { ExposedApi, OperatorApi } from "./surface/registered.js";
export type { OperationScope } from "./surface/row.js";
export type { TelegramUpdate } from "../policy/telegram/updateSchema.js";
export { errorCodes, errorDataOf, type ErrorCode, type ErrorData } from "../contract/errors.js";
export { type GatewayOperation } from "../contract/gateway.js";
export { defaultPathPrefix, gatewayPath, telegramWebhookPath } from "../contract/paths.js";
export { defaultPolicies, type Policies, type PolicyOverrides } from "../contract/policies.js";
export type { AccessClass } from "../contract/row.js";
export type { HistoryItem, HydrationBundle, Job, Payload, QueueStatus } from "../contract/queue.js";
