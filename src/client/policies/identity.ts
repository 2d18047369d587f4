/** Who is signed in, as the ready-made policies see it. */
import type { UserIdentity } from "convex/server";
import { factoryError } from "../../contract/errors.js";
import type { AuthContext, AuthOperation } from "../auth.js";

/** How a policy names a user. */
export interface IdentityOptions {
  /**
   * The `consumerUserId` of a signed-in user; default its `subject`. Give your own when several issuers sign users in (a
   * subject is unique within one issuer only) or your app has user ids of its own.
   */
  userId?: (identity: UserIdentity) => string;
}

/**
 * Worker and system calls carry no identity: a worker is known by its token, which the component verifies, and system
 * calls do nothing that a stranger could abuse. Returned as their user id.
 */
export const machineCaller = ({ access }: AuthOperation): string | null =>
  access === "worker" || access === "system" ? access : null;

/** Throws `unauthorized` when nobody is signed in. */
export async function signedIn(ctx: AuthContext): Promise<UserIdentity> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw factoryError("unauthorized", "Not signed in");
  return identity;
}

export const userIdOf = (identity: UserIdentity, options: IdentityOptions): string =>
  options.userId ? options.userId(identity) : identity.subject;
