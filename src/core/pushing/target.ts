/** Whom a push or broadcast reaches, and the message that goes into their chat. */
import { findAgent } from "../agents/findAgent.js";
import { PUSH_PROVIDER } from "../channels/app/channel.js";
import { activeBinding, conversationTarget } from "../identity/bindings.js";
import type { Binding } from "../identity/contactBinding.js";
import type { EnqueueArgs } from "../queue/enqueue.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/**
 * Workspaces that a company's pushes reach: its own, and `default` while the app has put no agent anywhere else (an app
 * that never set a workspace keeps all its agents there, whatever its company ids are).
 */
export async function reachableWorkspaces(ctx: QueryCtx, companyId: string): Promise<string[]> {
  if (companyId === "default") return ["default"];
  const agents = () => ctx.db.query("agentProfiles");
  const elsewhere =
    (await agents()
      .withIndex("by_workspace", (q) => q.gt("workspace", "default"))
      .first()) ??
    (await agents()
      .withIndex("by_workspace", (q) => q.lt("workspace", "default"))
      .first());
  return elsewhere === null ? [companyId, "default"] : [companyId];
}

/** The user's active agent for a new job to remember, if its profile is enabled. */
export async function currentAgentKey(ctx: QueryCtx, consumerUserId: string): Promise<string | undefined> {
  const binding = await activeBinding(ctx, consumerUserId);
  if (!binding) return undefined;
  return (await findAgent(ctx, binding.agentKey))?.enabled === true ? binding.agentKey : undefined;
}

export interface PushTarget {
  agentKey: string;
  conversationId: string;
  payload: Pick<EnqueueArgs["payload"], "provider" | "providerUserId">;
  metadata: Record<string, string>;
}

/** Where a job's push goes: the active binding's agent and chat, else the job's agent; null when there is no agent. */
export async function targetOfJob(
  ctx: QueryCtx,
  job: Pick<Doc<"messagePushJobs">, "companyId" | "consumerUserId" | "agentKey">,
  workspaces: readonly string[],
): Promise<PushTarget | null> {
  const binding = await activeBinding(ctx, job.consumerUserId);
  const agentKey = binding?.agentKey ?? job.agentKey;
  if (agentKey === undefined) return null;
  const agent = await findAgent(ctx, agentKey);
  // Another company's agent is none of this one's business, not even its name.
  if (agent && !workspaces.includes(agent.workspace)) return null;
  return await targetOf(ctx, { consumerUserId: job.consumerUserId, agentKey, binding });
}

/** A revoked binding's chat is not used: without an active one the push stays inside the app. */
export async function targetOf(
  ctx: QueryCtx,
  who: { consumerUserId: string; agentKey: string; binding: Binding | null },
): Promise<PushTarget> {
  const { consumerUserId, agentKey, binding } = who;
  const target = await conversationTarget(ctx, { consumerUserId, agentKey });
  const { conversationId, provider, providerUserId } = target;
  const ofChat = binding !== null && target.hasChat;
  return {
    agentKey,
    conversationId,
    payload: ofChat
      ? { provider, providerUserId }
      : { provider: PUSH_PROVIDER, providerUserId: consumerUserId },
    metadata: ofChat
      ? { conversationTargetSource: `${provider}_chat`, ...target.metadata }
      : { conversationTargetSource: "legacy_user" },
  };
}
