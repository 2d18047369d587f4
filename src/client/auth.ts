/** The host's say about each exposed call, and what this library makes of it. */
import type { Auth, GenericDataModel, GenericQueryCtx } from "convex/server";
import { factoryError } from "../contract/errors.js";
import type { AccessClass, FunctionKind } from "../contract/row.js";
import type { OperationScope } from "./surface/row.js";

/** What is about to be done. `type` is all that 1.0.11 had; the rest says it precisely. */
export interface AuthOperation extends OperationScope {
  /** `read` for queries, `write` for mutations and actions. */
  type: "read" | "write";
  /** The exposed key, for example `enqueue`. */
  name: string;
  access: AccessClass;
}

/** What a policy may use: who is signed in, and queries of the host or of a component. */
export interface AuthContext {
  auth: Auth;
  runQuery: GenericQueryCtx<GenericDataModel>["runQuery"];
}

/** The user's id; with `grant: "admin"` the operation may also be an administrative one. */
export type AuthResult = string | { userId: string; grant?: "admin" };

/**
 * Decides about one call; throw to refuse it. It also runs for `worker` and `system` operations, which come without an
 * identity: let them pass, a worker's token is verified by the component. `ownDataOnly` and `allowAdmins` make one.
 */
export type AuthCallback = (ctx: AuthContext, operation: AuthOperation) => Promise<AuthResult>;

/** Awaits the host's decision. Throws what `auth` throws, `unauthorized`, or `admin_required`. */
export async function authorizeCall(
  auth: AuthCallback,
  ctx: AuthContext,
  call: { name: string; row: { kind: FunctionKind; access: AccessClass }; scope: OperationScope },
): Promise<{ userId: string; isAdmin: boolean }> {
  const { access, kind } = call.row;
  const type = kind === "query" ? "read" : "write";
  const operation = { ...call.scope, type, name: call.name, access } as const;
  const result: unknown = await auth(ctx, operation);
  if (!isAuthResult(result)) {
    throw factoryError("unauthorized", "auth must return a user id, or an object with userId");
  }
  const userId = typeof result === "string" ? result : result.userId;
  const isAdmin = typeof result === "object" && result.grant === "admin";
  if (access === "admin" && !isAdmin) {
    throw factoryError("admin_required", `'${call.name}' needs auth to grant admin`);
  }
  return { userId, isAdmin };
}

function isAuthResult(result: unknown): result is AuthResult {
  if (typeof result === "string") return true;
  return (
    typeof result === "object" && result !== null && "userId" in result && typeof result.userId === "string"
  );
}
