/**
 * The workers' door over HTTP (see `contract/gateway.ts`). It checks the form of a request and forwards it with the
 * token; whether the token is good, and what it may do, is decided by the component alone.
 */
import { httpActionGeneric, type FunctionReference } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { errorDataOf, type ErrorCode } from "../contract/errors.js";
import {
  gatewayOperations,
  gatewayRows,
  maxGatewayBodyBytes,
  type GatewayOperation,
} from "../contract/gateway.js";
import { argumentFault, isRecord } from "./http/checkArguments.js";
import { jsonReply, refusal } from "./http/jsonReply.js";
import { parseJson, readBody } from "./http/readBody.js";

/** `apiPath` is `<prefix>/api`, without a trailing slash. */
export function workerGateway(component: ComponentApi, apiPath: string) {
  return httpActionGeneric(async (ctx, request) => {
    const route = matchRoute(new URL(request.url).pathname, apiPath);
    if (route === null) return refusal(404, "operation_unknown", "There is no such operation");
    const workerToken = bearerToken(request.headers.get("Authorization"));
    if (workerToken === null) return refusal(401, "worker_token_required", "A worker token is required");
    const body = await readBody(request, maxGatewayBodyBytes);
    if (!body.ok && body.reason === "tooLarge")
      return refusal(413, "request_too_large", "The body is too large");
    const parsed = body.ok ? parseJson(body.text) : undefined;
    if (!isRecord(parsed)) return refusal(400, "request_not_json", "The body must be a JSON object");

    const scoped = withWorkspace(route, parsed);
    if (scoped === null)
      return refusal(403, "workspace_mismatch", "workspaceId differs from the route's workspace");
    const args = { ...scoped, workerToken };
    const fault = argumentFault(gatewayRows[route.operation].args, args);
    if (fault !== null) return refusal(400, "invalid_argument", fault);
    try {
      const value =
        route.operation === "hydrate" ||
        route.operation === "control_state" ||
        route.operation === "has_queued"
          ? await ctx.runQuery(reference<"query">(component, route.operation), args)
          : await ctx.runMutation(reference<"mutation">(component, route.operation), args);
      return jsonReply(200, { ok: true, value });
    } catch (error) {
      return errorReply(error);
    }
  });
}

interface Route {
  operation: GatewayOperation;
  workspace: string | null;
}

function matchRoute(pathname: string, apiPath: string): Route | null {
  if (!pathname.startsWith(`${apiPath}/`)) return null;
  const parts = pathname.slice(apiPath.length + 1).split("/");
  const scoped = parts[0] === "w" && parts.length === 4;
  const [family, operation] = scoped ? parts.slice(2) : parts;
  if (family !== "agent_workers" || (!scoped && parts.length !== 2) || !isOperation(operation)) return null;
  const workspace = scoped ? decodeSegment(parts[1] ?? "") : null;
  return workspace === undefined ? null : { operation, workspace };
}

function decodeSegment(segment: string): string | undefined {
  try {
    return segment === "" ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

const isOperation = (name: string | undefined): name is GatewayOperation =>
  name !== undefined && Object.hasOwn(gatewayOperations, name);

function bearerToken(header: string | null): string | null {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header?.trim() ?? "")?.[1] ?? null;
}

/**
 * On a workspace's route: names it where the operation takes a workspace, and null when the body names another. The
 * other operations name a message or a conversation, whose workspace the component compares with the token's.
 */
function withWorkspace(
  { operation, workspace }: Route,
  body: Record<string, unknown>,
): Record<string, unknown> | null {
  if (workspace === null) return body;
  if (body.workspaceId !== undefined && body.workspaceId !== workspace) return null;
  return "workspaceId" in gatewayRows[operation].args ? { ...body, workspaceId: workspace } : body;
}

/** The arguments were compared with the operation's contract row, which a generic call cannot express in types. */
function reference<Kind extends "query" | "mutation">(
  component: ComponentApi,
  operation: GatewayOperation,
): FunctionReference<Kind, "internal", Record<string, unknown>, unknown> {
  const found: unknown = component.lib[gatewayOperations[operation]];
  return found as FunctionReference<Kind, "internal", Record<string, unknown>, unknown>;
}

/** Codes that are not the caller's bad argument (400). */
const statusOfCode: Partial<Record<ErrorCode, number>> = {
  worker_token_required: 401,
  worker_token_invalid: 401,
  worker_token_expired: 401,
  worker_token_revoked: 403,
  worker_mismatch: 403,
  workspace_mismatch: 403,
  lane_not_allowed: 403,
  lease_lost: 409,
  secret_key_unavailable: 500,
  secret_damaged: 500,
  master_key_invalid: 500,
  internal: 500,
};

function errorReply(error: unknown): Response {
  const known = errorDataOf(error);
  if (known !== null) return refusal(statusOfCode[known.code] ?? 400, known.code, known.message);
  // The host's log has the details; a caller from outside learns nothing from a bug.
  console.error("Worker gateway: unexpected error", error);
  return refusal(500, "internal", "Internal error");
}
