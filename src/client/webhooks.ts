/** The channels that call the app over HTTP, one line each: where, and what answers. */
import type { PublicHttpAction } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { telegramWebhookPath } from "../contract/paths.js";
import { telegramWebhook, type TelegramWebhookOptions } from "./telegram/webhook.js";

/** What an app says about them; each channel reads its own. */
export type WebhookOptions = TelegramWebhookOptions;

interface Webhook {
  /** Below the site's origin. */
  path: (pathPrefix: string) => string;
  handler: (component: ComponentApi, path: string, options: WebhookOptions) => PublicHttpAction;
}

export const webhooks: readonly Webhook[] = [{ path: telegramWebhookPath, handler: telegramWebhook }];
