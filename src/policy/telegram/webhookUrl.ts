/** Where Telegram is told to deliver, from what an operator typed. */

/** The host of Telegram's own Bot API; any other base URL is a self-hosted Bot API server. */
const TELEGRAM_HOST = "api.telegram.org";

export type WebhookUrlDecision = { ok: true; url: string } | { ok: false; message: string };

/** Whether a Bot API base URL is a self-hosted server, which accepts plain http webhooks; Telegram's own does not. */
export function isSelfHostedBotApi(baseUrl: string): boolean {
  return URL.canParse(baseUrl) && new URL(baseUrl).hostname.toLowerCase() !== TELEGRAM_HOST;
}

/**
 * Trims, drops trailing slashes and maps a deployment's API origin (`.convex.cloud`) to its HTTP actions origin
 * (`.convex.site`): operators copy the former. `allowHttp` is for self-hosted Bot API servers only.
 */
export function decideWebhookUrl(
  siteUrl: string,
  webhookPath: string,
  allowHttp: boolean,
): WebhookUrlDecision {
  const trimmed = siteUrl.trim().replace(/\/+$/, "");
  if (trimmed === "") return { ok: false, message: "convexSiteUrl is required." };
  const accepted = /^https:\/\//i.test(trimmed) || (allowHttp && /^http:\/\//i.test(trimmed));
  if (!accepted) return { ok: false, message: "convexSiteUrl must start with https://" };
  const site = trimmed.replace(/\.convex\.cloud$/i, ".convex.site");
  if (!URL.canParse(site)) return { ok: false, message: "convexSiteUrl is not a valid URL." };
  return { ok: true, url: `${site}${webhookPath}` };
}
