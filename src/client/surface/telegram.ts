/** Telegram set-up. Updates come in through `registerRoutes`, never through here. */
import * as identity from "../../contract/identity.js";
import * as contract from "../../contract/telegram.js";
import { row } from "./row.js";

export const telegramSurface = {
  configureTelegramWebhook: row("configureTelegramWebhook", {
    kind: "action",
    access: "admin",
    args: contract.configureTelegramWebhook.args,
  }),
  getWebhookReadiness: row("getWebhookReadiness", {
    kind: "action",
    access: "admin",
    args: contract.getWebhookReadiness.args,
    scope: ({ agentKey }) => ({ agentKey }),
  }),
  importTelegramTokenForAgent: row("importTelegramTokenForAgent", {
    kind: "mutation",
    access: "write",
    args: identity.importTelegramTokenForAgent.args,
    scope: ({ consumerUserId, agentKey }) => ({ consumerUserId, agentKey, agentUse: "manage" as const }),
  }),
  listParkedUpdates: row("listParkedUpdates", {
    kind: "query",
    access: "admin",
    args: contract.listParkedUpdates.args,
  }),
  redriveParkedUpdate: row("redriveParkedUpdate", {
    kind: "mutation",
    access: "admin",
    args: contract.redriveParkedUpdate.args,
    scope: ({ agentKey }) => (agentKey === undefined ? {} : { agentKey }),
  }),
  discardParkedUpdate: row("discardParkedUpdate", {
    kind: "mutation",
    access: "admin",
    args: contract.discardParkedUpdate.args,
  }),
};
