/** What is known of Fly without calling it: its configuration and its credential. Part of every call's code, so it stays small. */
import { v } from "convex/values";
import { lazy } from "../../../contract/row.js";

/**
 * 1.0.11's shape.
 * - `guest`: Size of the machines; default 1 shared CPU and 2048 MB. `memoryMb` is a multiple of 256.
 * - `regions`: Further regions, tried in order after `region` where there is no capacity.
 * - `env`: Settings of the worker and its engine that are no secrets; for those use `env.<NAME>` secrets.
 */
const fields = lazy(() => ({
  appName: v.string(),
  organizationSlug: v.string(),
  image: v.string(),
  region: v.string(),
  volumeName: v.string(),
  volumePath: v.string(),
  volumeSizeGb: v.number(),
  guest: v.optional(
    v.object({
      cpuKind: v.union(v.literal("shared"), v.literal("performance")),
      cpus: v.number(),
      memoryMb: v.number(),
    }),
  ),
  regions: v.optional(v.array(v.string())),
  env: v.optional(v.record(v.string(), v.string())),
}));

export const fly = {
  kind: "fly" as const,
  fields,
  token: {
    secretRef: "fly.apiToken",
    code: "fly_token_missing" as const,
    missing: "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
  },
};

/** Enough of a configuration to reach one app. */
export const flyConfigOf = (appName: string) => ({
  kind: fly.kind,
  appName,
  organizationSlug: "",
  image: "",
  region: "",
  volumeName: "",
  volumePath: "",
  volumeSizeGb: 0,
});
