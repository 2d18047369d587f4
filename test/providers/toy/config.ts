/** A provider as a newcomer would write it: a shape of its own, a credential of its own. */
import { v } from "convex/values";

export const toy = {
  kind: "toy" as const,
  fields: { workshop: v.string(), blueprint: v.string(), benches: v.array(v.string()) },
  token: {
    secretRef: "toy.key",
    code: "secret_not_found" as const,
    missing: "Missing key of the toy workshop. Import an active 'toy.key' secret.",
  },
};
