/** A secret for an action that uses it. */
import { v } from "convex/values";
import { asQuery } from "../functions.js";
import { openSecret } from "./vault.js";

/** `openSecret` for actions, which have no database. Its result must not leave the action. */
export const openForAction = asQuery({
  args: { secretRef: v.string() },
  returns: v.union(v.string(), v.null()),
})(async (ctx, { secretRef }) => await openSecret(ctx, secretRef));
