/** Policies about an app's administrators. */
import type { UserIdentity } from "convex/server";
import { factoryError } from "../../contract/errors.js";
import type { AuthCallback, AuthContext } from "../auth.js";
import { machineCaller, signedIn, userIdOf, type IdentityOptions } from "./identity.js";

/**
 * Who the administrators are: their token identifiers (`<issuer>|<subject>`, unique over all issuers), or a question to
 * the app's own tables or claims.
 */
export type Admins =
  readonly string[] | ((identity: UserIdentity, ctx: AuthContext) => boolean | Promise<boolean>);

/** Administrators may do everything; `policy` decides about everybody else, workers and cron jobs included. */
export function allowAdmins(
  admins: Admins,
  policy: AuthCallback,
  options: IdentityOptions = {},
): AuthCallback {
  return async (ctx, operation) => {
    // A worker is its token. A system call may be an administrator's, whose arguments then count.
    if (operation.access === "worker") return await policy(ctx, operation);
    const identity = await ctx.auth.getUserIdentity();
    if (identity !== null && (await isAdmin(admins, identity, ctx))) {
      return { userId: userIdOf(identity, options), grant: "admin" };
    }
    return await policy(ctx, operation);
  };
}

/** Administrators, workers and cron jobs only; everybody else is refused with `unauthorized`. */
export function adminsByIdentifier(
  identifiers: readonly string[],
  options: IdentityOptions = {},
): AuthCallback {
  const nobodyElse: AuthCallback = async (ctx, operation) => {
    const machine = machineCaller(operation);
    if (machine !== null) return machine;
    await signedIn(ctx);
    throw factoryError("unauthorized", "Only administrators of this app may do this");
  };
  return allowAdmins(identifiers, nobodyElse, options);
}

async function isAdmin(admins: Admins, identity: UserIdentity, ctx: AuthContext): Promise<boolean> {
  if (typeof admins === "function") return await admins(identity, ctx);
  return admins.includes(identity.tokenIdentifier);
}
