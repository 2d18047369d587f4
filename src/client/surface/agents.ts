/** Agent profiles, settings and policies. */
import * as contract from "../../contract/agents.js";
import * as policies from "../../contract/policies.js";
import { mappedRow, row } from "./row.js";

export const agentsSurface = {
  configureAgent: row("configureAgent", {
    kind: "mutation",
    access: "admin",
    args: contract.configureAgent.args,
    scope: ({ agentKey, workspace }) => ({ agentKey, workspace }),
  }),
  seedDefaultAgent: mappedRow("configureAgent", { kind: "mutation", access: "admin", args: {} }, () => ({
    agentKey: "default",
    version: "1.0.0",
    secretsRef: ["telegram.botToken"],
    enabled: true,
  })),
  getRequiredSecretRefs: row("getRequiredSecretRefs", {
    kind: "query",
    access: "read",
    args: contract.getRequiredSecretRefs.args,
    scope: ({ agentKey }) => ({ agentKey }),
  }),
  getMessageRuntimeConfig: row("messageRuntimeConfig", {
    kind: "query",
    access: "read",
    args: contract.messageRuntimeConfig.args,
  }),
  // The prompt is appended to everyone's messages.
  setMessageRuntimeConfig: row("setMessageRuntimeConfig", {
    kind: "mutation",
    access: "admin",
    args: contract.setMessageRuntimeConfig.args,
  }),
  policies: row("policies", { kind: "query", access: "read", args: policies.policies.args }),
  setPolicies: row("setPolicies", { kind: "mutation", access: "admin", args: policies.setPolicies.args }),
};
