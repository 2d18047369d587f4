/** The fleet, for operators and for cron jobs. What a call may cost or run is the host's say: see `adminOnlyArgs`. */
import { v } from "convex/values";
import * as contract from "../../contract/fleet.js";
import { joinedRow, row } from "./row.js";

const { flyApiToken, convexUrl, workspaceId, scalingPolicy } = contract.reconcileWorkers.args;

export const fleetSurface = {
  getProviderRuntimeConfig: row("providerRuntimeConfig", {
    kind: "query",
    access: "read",
    args: contract.providerRuntimeConfig.args,
    // Settings of the workers: addresses of an internal network, and what somebody took for no secret.
    adminOnlyFields: ["env"],
  }),
  setProviderRuntimeConfig: row("setProviderRuntimeConfig", {
    kind: "mutation",
    access: "admin",
    args: contract.setProviderRuntimeConfig.args,
  }),
  startWorkers: row("reconcileWorkers", {
    kind: "action",
    access: "system",
    args: { flyApiToken, convexUrl, workspaceId, scalingPolicy },
    adminOnlyArgs: ["flyApiToken", "convexUrl", "scalingPolicy"],
    fill: ["providerConfig"],
    scope: ({ workspaceId: workspace }) => ({ workspace }),
  }),
  checkIdleShutdowns: row("checkIdleShutdowns", {
    kind: "action",
    access: "system",
    args: { flyApiToken },
    adminOnlyArgs: ["flyApiToken"],
    fill: ["providerConfig"],
  }),
  deleteFlyVolume: row("deleteFlyVolume", {
    kind: "action",
    access: "admin",
    args: contract.deleteFlyVolume.args,
  }),
  recoverQueue: joinedRow(
    {
      access: "system",
      args: {
        nowMs: v.optional(v.number()),
        releaseLimit: v.optional(v.number()),
        workspaceId,
        scalingPolicy,
      },
      ignoredArgs: ["nowMs"],
      adminOnlyArgs: ["scalingPolicy"],
      fill: ["providerConfig"],
      scope: ({ workspaceId: workspace }) => ({ workspace }),
    },
    (step) => ({
      released: step("releaseStuckJobs", "mutation", ({ releaseLimit }) => ({ limit: releaseLimit })),
      reconcile: step("reconcileWorkers", "action", ({ workspaceId, scalingPolicy, providerConfig }) => ({
        workspaceId,
        scalingPolicy,
        providerConfig,
      })),
    }),
  ),
};
