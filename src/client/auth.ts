/** The host's say about each exposed call, and what this library makes of it. */
import type { Auth } from "convex/server";
import { factoryError } from "../contract/errors.js";
import type { AccessClass, OperationScope, SurfaceRow } from "./surface/row.js";

/** What is about to be done. `type` is all that 1.0.11 had; `name` and `access` say it precisely. */
export interface AuthOperation extends OperationScope {
  type: "read" | "write";
  /** The exposed key, for example `enqueue`. */
  name: string;
  access: AccessClass;
}

/** The user's id; with `grant: "admin"` the operation may also be an administrative one. */
export type AuthResult = string | { userId: string; grant?: "admin" };

/**
 * Decides about one call; throw to refuse it. It also runs for `worker` and `system` operations, which come without an
 * identity: let them pass, a worker's token is verified by the component.
 */
export type AuthCallback = (ctx: { auth: Auth }, operation: AuthOperation) => Promise<AuthResult>;

/** Awaits the host's decision. Throws what `auth` throws, `unauthorized`, or `admin_required`. */
export async function authorizeCall(
  auth: AuthCallback,
  ctx: { auth: Auth },
  call: { name: string; row: Pick<SurfaceRow, "kind" | "access">; scope: OperationScope },
): Promise<{ isAdmin: boolean }> {
  const { access, kind } = call.row;
  const type = kind === "query" ? "read" : "write";
  const result: unknown = await auth(ctx, { ...call.scope, type, name: call.name, access });
  if (!isAuthResult(result)) {
    throw factoryError("unauthorized", "auth must return a user id, or an object with userId");
  }
  const isAdmin = typeof result === "object" && result.grant === "admin";
  if (access === "admin" && !isAdmin) {
    throw factoryError("admin_required", `'${call.name}' needs auth to grant admin`);
  }
  return { isAdmin };
}

function isAuthResult(result: unknown): result is AuthResult {
  if (typeof result === "string") return true;
  return (
    typeof result === "object" && result !== null && "userId" in result && typeof result.userId === "string"
  );
}
