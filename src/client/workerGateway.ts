/**
 * The workers' door over HTTP (see `contract/gateway.ts`). It checks the form of a request and forwards it with the
 * token; whether the token is good, and what it may do, is decided by the component alone.
 */
import { httpActionGeneric, type FunctionReturnType } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { callOfOperation, MAX_GATEWAY_BODY_BYTES, type WorkerCall } from "../contract/gateway.js";
import { parseJson } from "../policy/text/parseJson.js";
import { argumentFaults, isRecord } from "./http/checkArguments.js";
import { jsonReply, refusal, refused } from "./http/replies.js";
import { readBody } from "./http/readBody.js";
import { forwardCall, limited } from "./http/workerDoor.js";

/** `apiPath` is `<prefix>/api`, without a trailing slash. */
export function workerGateway(component: ComponentApi, apiPath: string) {
  return httpActionGeneric(async (ctx, request) => {
    const route = matchRoute(new URL(request.url).pathname, apiPath);
    if (route === null) return refusal(refused("operation_unknown", "There is no such operation"));
    const workerToken = bearerToken(request.headers.get("Authorization"));
    if (workerToken === null) {
      const missing = refused("worker_token_required", "A worker token is required");
      return refusal(await limited(ctx, component, "gateway", missing));
    }
    const body = await readBody(request, MAX_GATEWAY_BODY_BYTES);
    if (!body.ok && body.reason === "tooLarge")
      return refusal(refused("request_too_large", "The body is too large"));
    const parsed = body.ok ? parseJson(body.text) : undefined;
    if (!isRecord(parsed)) return refusal(refused("request_not_json", "The body must be a JSON object"));

    const scoped = withWorkspace(route, parsed);
    if (scoped === null) {
      const mismatch = refused("workspace_mismatch", "workspaceId differs from the route's workspace");
      return refusal(await limited(ctx, component, "gateway", mismatch));
    }
    if (Object.hasOwn(parsed, "workerToken"))
      return refusal(refused("invalid_argument", "workerToken belongs into the Authorization header"));
    const args = { ...scoped, workerToken };
    const faults = argumentFaults(route.call.row.args, args);
    if (faults.length > 0) return refusal(refused("invalid_argument", faults.join("; ")));
    const outcome = await forwardCall(ctx, component, route.call, args, "gateway");
    if (!outcome.ok) return refusal(outcome.refused);
    return jsonReply(200, { ok: true, ...answerOf(route.call, outcome.value) });
  });
}

type Polled = FunctionReturnType<ComponentApi["lib"]["poll"]>;

/** The fields of an answer. Beside a claim that found nothing stands when to ask again, and whether to stop. */
function answerOf({ fn }: WorkerCall, value: unknown): Record<string, unknown> {
  if (fn !== "poll") return { value };
  const { job, idle } = value as Polled;
  if (idle === null) return { value: job };
  const { retryAfterMs, ...control } = idle;
  return { value: null, retryAfterMs, control };
}

interface Route {
  call: WorkerCall;
  workspace: string | null;
}

function matchRoute(pathname: string, apiPath: string): Route | null {
  if (!pathname.startsWith(`${apiPath}/`)) return null;
  const parts = pathname.slice(apiPath.length + 1).split("/");
  const scoped = parts[0] === "w" && parts.length === 4;
  const [family, operation] = scoped ? parts.slice(2) : parts;
  const call = callOfOperation(operation ?? "");
  if (family !== "agent_workers" || (!scoped && parts.length !== 2) || call === undefined) return null;
  const workspace = scoped ? decodeSegment(parts[1] ?? "") : null;
  return workspace === undefined ? null : { call, workspace };
}

function decodeSegment(segment: string): string | undefined {
  try {
    return segment === "" ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function bearerToken(header: string | null): string | null {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header?.trim() ?? "")?.[1] ?? null;
}

/**
 * On a workspace's route: names it where the operation takes a workspace, and null when the body names another. The
 * other operations name a message or a conversation, whose workspace the component compares with the token's.
 */
function withWorkspace(
  { call, workspace }: Route,
  body: Record<string, unknown>,
): Record<string, unknown> | null {
  if (workspace === null) return body;
  const named = body.workspaceId;
  if (typeof named === "string" && named !== workspace) return null;
  // Anything but a text is left for the check of the arguments to name.
  return named === undefined && "workspaceId" in call.row.args ? { ...body, workspaceId: workspace } : body;
}
