/** Telegram set-up. Updates come in through `registerRoutes`, never through here. */
import * as contract from "../../contract/telegram.js";
import { row } from "./row.js";

export const telegramSurface = {
  configureTelegramWebhook: row("configureTelegramWebhook", {
    kind: "action",
    access: "admin",
    args: contract.configureTelegramWebhook.args,
  }),
  listParkedUpdates: row("listParkedUpdates", {
    kind: "query",
    access: "admin",
    args: contract.listParkedUpdates.args,
  }),
};
