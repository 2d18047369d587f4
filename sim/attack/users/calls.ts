/** Every function that the example app exposes to people, from the product's own table, and a call of it by somebody. */
import type { PropertyValidators } from "convex/values";
import { surface } from "../../../src/client/surface/index.js";
import type { Origins } from "../requests.js";
import { argumentsFor, type Values } from "../targets.js";
import type { Attempt } from "../types.js";
import type { UserStage } from "./stage.js";

export interface UserFunction {
  name: string;
  kind: "query" | "mutation" | "action";
  access: "read" | "write" | "admin";
  args: PropertyValidators;
}

/** What workers and cron jobs call is in other modules of the example, and has doors of its own. */
export const userFunctions: readonly UserFunction[] = Object.entries(surface).flatMap(([name, row]) => {
  const { access, kind, args } = row;
  return access === "worker" || access === "system" ? [] : [{ name, kind, access, args }];
});

const ISSUER = "https://attack.example";

/** `user` null: nobody is signed in. */
export function callAs(
  stage: UserStage,
  origins: Origins,
  user: string | null,
  { name, kind }: Pick<UserFunction, "name" | "kind">,
  args: Record<string, unknown>,
): Attempt {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (user !== null) {
    const identity = Buffer.from(JSON.stringify({ subject: user, issuer: ISSUER })).toString("base64");
    headers.authorization = `Convex ${stage.deployment.adminKey}:${identity}`;
  }
  const body = JSON.stringify({ path: `example:${name}`, args, format: "json" });
  return { url: `${origins.cloudUrl}/api/${kind}`, method: "POST", headers, body };
}

/** What a call about bob's things says. */
export const valuesOfBob = ({ bob, shut }: UserStage): Values => ({
  consumerUserId: bob.user,
  conversationId: bob.conversationId,
  agentKey: shut.agentKey,
  companyId: bob.workspace,
  workspace: bob.workspace,
  workspaceId: bob.workspace,
  messageId: bob.messageId,
  jobId: bob.jobId,
  templateId: bob.templateId,
  periodicity: "manual",
  schedule: { kind: "manual" },
  timezone: "UTC",
  plaintextValue: " ",
});

/** The same about mallory's own and what is open to all; what is laid over it is bob's. */
export const valuesOfMallory = (stage: UserStage, foreign: Values): Values => ({
  ...valuesOfBob(stage),
  consumerUserId: stage.mallory,
  conversationId: `user:${stage.mallory}`,
  agentKey: stage.open.agentKey,
  companyId: "default",
  workspace: "default",
  workspaceId: "default",
  ...foreign,
});

export const argsOf = (fn: UserFunction, values: Values): Record<string, unknown> =>
  argumentsFor({ row: fn }, values);
