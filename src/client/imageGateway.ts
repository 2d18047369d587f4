/**
 * The door of the published 1.0.11 image: Convex's HTTP API below an opaque path that is its credential. Only the worker
 * functions of `contract/gateway.ts` exist here. Replies have Convex's shapes, `{status: "success", value}` and
 * `{status: "error", errorMessage, errorData}`; what a worker function refuses comes with HTTP 200, as from Convex, and
 * what is refused before or because of the credential with the status of its code.
 */
import { httpActionGeneric } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { callOfImageKey, MAX_GATEWAY_BODY_BYTES, type WorkerCall } from "../contract/gateway.js";
import { aliasCredential, aliasShape } from "../contract/paths.js";
import { parseJson } from "../policy/text/parseJson.js";
import { argumentFaults, isRecord } from "./http/checkArguments.js";
import { jsonReply, refused, type Refused } from "./http/replies.js";
import { readBody } from "./http/readBody.js";
import { forwardCall, limited } from "./http/workerDoor.js";

/** `basePath` is `<prefix>/w`, without a trailing slash. */
export function imageGateway(component: ComponentApi, basePath: string) {
  return httpActionGeneric(async (ctx, request) => {
    const route = matchRoute(new URL(request.url).pathname, basePath);
    if (route === null) return requestRefused(refused("operation_unknown", "There is no such path"));
    if (!aliasShape.test(route.alias)) {
      const unknown = refused("worker_token_invalid", "The worker path is not valid here");
      return requestRefused(await limited(ctx, component, "alias", unknown));
    }
    const body = await readBody(request, MAX_GATEWAY_BODY_BYTES);
    if (!body.ok && body.reason === "tooLarge")
      return requestRefused(refused("request_too_large", "The body is too large"));
    const asked = requestOf(body.ok ? parseJson(body.text) : undefined);
    if (asked === null)
      return requestRefused(refused("request_not_json", "The body must be {path, args, format?}"));

    const call = callOf(asked.path, route.kind);
    if (call === null)
      return requestRefused(refused("operation_unknown", `There is no such worker ${route.kind}`));
    const args = { ...asked.args, workerToken: aliasCredential(route.alias) };
    const faults = Object.hasOwn(asked.args, "workerToken")
      ? ["the path is the credential; workerToken is not accepted"]
      : argumentFaults(call.row.args, args);
    if (faults.length > 0) return functionRefused(refused("invalid_argument", faults.join("; ")));
    const outcome = await forwardCall(ctx, component, call, args, "alias");
    if (outcome.ok) return success(outcome.value);
    // The image knows no refusal and would ask for ever; told to stop, it stops. It learns nothing else.
    if (call.fn === "getWorkerControlState" && hasEnded(outcome.refused))
      return success({ shouldStop: true });
    return isOfTheFunction(outcome.refused)
      ? functionRefused(outcome.refused)
      : requestRefused(outcome.refused);
  });
}

function matchRoute(pathname: string, basePath: string): { alias: string; kind: WorkerCall["kind"] } | null {
  if (!pathname.startsWith(`${basePath}/`)) return null;
  const [alias = "", api, kind, more] = pathname.slice(basePath.length + 1).split("/");
  if (api !== "api" || more !== undefined || (kind !== "query" && kind !== "mutation")) return null;
  return { alias, kind };
}

/** Longest path of a function, in characters. */
const MAX_PATH_CHARS = 200;
const FORMATS: readonly unknown[] = [undefined, "json", "convex_encoded_json"];

/** A request as Convex's HTTP API takes it, or null. Arguments may come bare or as the one element of a list; both formats write our values alike. */
function requestOf(body: unknown): { path: string; args: Record<string, unknown> } | null {
  if (!isRecord(body) || !FORMATS.includes(body.format)) return null;
  const { path, args: given = {} } = body;
  const args: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (typeof path !== "string" || path.length > MAX_PATH_CHARS || !isRecord(args)) return null;
  return { path, args };
}

/** The namespace is the app's module, which this door does without. */
function callOf(path: string, kind: WorkerCall["kind"]): WorkerCall | null {
  const call = callOfImageKey(path.slice(path.lastIndexOf(":") + 1));
  return call?.kind === kind ? call : null;
}

const hasEnded = ({ code }: Refused): boolean =>
  code === "worker_token_revoked" || code === "worker_token_expired";
const success = (value: unknown): Response => jsonReply(200, { status: "success", value, logLines: [] });
const isOfTheFunction = ({ status }: Refused): boolean => status === 400 || status === 409;
const functionRefused = (error: Refused): Response => errorReply(200, error);
const requestRefused = (error: Refused): Response => errorReply(error.status, error);

function errorReply(status: number, { code, message, retryAfter }: Refused): Response {
  const body = { errorMessage: `${code}: ${message}`, errorData: { code, message }, logLines: [] };
  return jsonReply(status, { status: "error", ...body }, retryAfter);
}
