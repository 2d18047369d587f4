import { type GatewayOperation } from "../../src/contract/gateway.js";
import { aliasPath, gatewayPath, telegramWebhookPath } from "../../src/contract/paths.js";
import type { Attempt, Credential, Reply, Target } from "./types.js";

export interface Origins {
  cloudUrl: string;
  siteUrl: string;
}
type Args = Record<string, unknown>;

/** The workspace in the path of the tenants' route. */
const ROUTE_WORKSPACE = "default";
const JSON_TYPE = { "content-type": "application/json" };

/** The address of a target; the image's holds the credential. */
export function urlOf(target: Target, origins: Origins, alias: string, workspace = ROUTE_WORKSPACE): string {
  const operation = target.name as GatewayOperation;
  switch (target.door) {
    case "gateway":
      return origins.siteUrl + gatewayPath(operation);
    case "workspace":
      return origins.siteUrl + gatewayPath(operation, { workspace });
    case "image":
      return `${origins.siteUrl}${aliasPath(alias)}/api/${target.call.kind}`;
    case "api":
      return `${origins.cloudUrl}/api/${target.call.kind}`;
  }
}

/** A well-formed call of a target; `credential` null: none. */
export function attempt(
  target: Target,
  origins: Origins,
  credential: Partial<Credential> | null,
  args: Args,
): Attempt {
  const url = urlOf(target, origins, credential?.alias ?? "");
  const { token } = credential ?? {};
  const path = `agentFactory:${target.name}`;
  switch (target.door) {
    case "gateway":
    case "workspace": {
      const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
      return { url, method: "POST", headers: { ...JSON_TYPE, ...authorization }, body: JSON.stringify(args) };
    }
    case "image":
      return { url, method: "POST", headers: JSON_TYPE, body: JSON.stringify({ path, args }) };
    case "api": {
      const body = JSON.stringify({
        path,
        args: token === undefined ? args : { ...args, workerToken: token },
        format: "json",
      });
      return { url, method: "POST", headers: JSON_TYPE, body };
    }
  }
}

/** A delivery to the webhook. */
export function delivery(origins: Origins, secret: string | null, body: string): Attempt {
  const header = secret === null ? undefined : { "x-telegram-bot-api-secret-token": secret };
  return {
    url: origins.siteUrl + telegramWebhookPath(),
    method: "POST",
    headers: { ...JSON_TYPE, ...header },
    body,
  };
}

/** Sends it; a connection that breaks is a reply with status 0. */
export async function send({ url, ...request }: Attempt, signal: AbortSignal): Promise<Reply> {
  try {
    const response = await fetch(url, { ...request, redirect: "manual", signal });
    return readReply(response.status, response.headers.get("retry-after"), await response.text());
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, ok: false, code: String(error), value: undefined, retryAfter: null };
  }
}

interface AnyBody {
  ok?: unknown;
  status?: unknown;
  value?: unknown;
  code?: unknown;
  error?: { code?: unknown };
  errorData?: { code?: unknown };
  errorMessage?: unknown;
}

function readReply(status: number, retryAfter: string | null, text: string): Reply {
  const body = parsed(text);
  const code = body.error?.code ?? body.errorData?.code ?? body.code;
  return {
    status,
    ok: status === 200 && (body.ok === true || body.status === "success"),
    // An error that Convex itself found in the arguments has no code, only a text.
    code:
      typeof code === "string"
        ? code
        : typeof body.errorMessage === "string"
          ? kindOf(body.errorMessage)
          : null,
    value: body.value,
    retryAfter,
  };
}

const kindOf = (message: string): string =>
  message.includes("Validator error") || message.includes("ArgumentValidationError")
    ? "ArgumentValidationError"
    : message.includes("Could not find public function") || message.includes("Trying to execute")
      ? "FunctionNotFound"
      : "ServerError";

function parsed(text: string): AnyBody {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
