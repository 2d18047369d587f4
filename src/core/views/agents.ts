/** A user's agents. What it reads grows with that user's agents alone, whatever the number of bindings, users and codes. */
import * as contract from "../../contract/views.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { activeBinding, newestBinding } from "../identity/bindings.js";
import type { Binding } from "../identity/contactBinding.js";
import { pageOf } from "../bounds/bounded.js";
import { userAgentView, type UserAgentView } from "./agentView.js";

/** Each is about ten documents to read. */
const MAX_AGENTS = 200;

export const listUserAgents = asQuery(contract.listUserAgents)(async (ctx, args) => {
  const agents = await agentsOf(ctx, args.consumerUserId, await activeBinding(ctx, args.consumerUserId));
  return args.includeDisabled === false ? agents.filter(({ status }) => status !== "disabled") : agents;
});

export const getUserAgent = asQuery(contract.getUserAgent)(async (ctx, { consumerUserId, agentKey }) => {
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  const hasActive = (await activeBinding(ctx, consumerUserId)) !== null;
  return await userAgentView(ctx, { consumerUserId, agentKey }, { binding, hasActive });
});

export const getActiveUserAgent = asQuery(contract.getActiveUserAgent)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  if (!binding) return null;
  const { agentKey } = binding;
  return await userAgentView(ctx, { consumerUserId, agentKey }, { binding, hasActive: true });
});

export const getUserAgentsOverview = asQuery(contract.getUserAgentsOverview)(async (
  ctx,
  { consumerUserId },
) => {
  const active = await activeBinding(ctx, consumerUserId);
  return {
    agents: await agentsOf(ctx, consumerUserId, active),
    activeAgentKey: active?.agentKey ?? null,
    canCreateNewAgent: active === null,
  };
});

async function agentsOf(
  ctx: QueryCtx,
  consumerUserId: string,
  active: Binding | null,
): Promise<UserAgentView[]> {
  const bound = await pageOf(newestBindingPerAgent(ctx, consumerUserId), MAX_AGENTS);
  bound.sort((a, b) => b.boundAt - a.boundAt || b._creationTime - a._creationTime);
  const waiting = await pendingAgentKeys(ctx, consumerUserId);
  const bindings = new Map(bound.map((binding) => [binding.agentKey, binding]));
  const agentKeys = new Set([...bindings.keys(), ...waiting]);
  const views = await Promise.all(
    [...agentKeys].map((agentKey) =>
      userAgentView(
        ctx,
        { consumerUserId, agentKey },
        { binding: bindings.get(agentKey) ?? null, hasActive: active !== null },
      ),
    ),
  );
  return views.filter((view) => view !== null);
}

/** One document per agent, however often the user came back to it: each step jumps over the rest of an agent's rows. */
async function* newestBindingPerAgent(ctx: QueryCtx, consumerUserId: string): AsyncGenerator<Binding> {
  for (let below: string | null = null; ;) {
    const before: string | null = below;
    const next: Binding | null = await ctx.db
      .query("identityBindings")
      .withIndex("by_consumerUserId_and_agentKey_and_boundAt", (q) => {
        const ofUser = q.eq("consumerUserId", consumerUserId);
        return before === null ? ofUser : ofUser.lt("agentKey", before);
      })
      .order("desc")
      .first();
    if (!next) return;
    yield next;
    below = next.agentKey;
  }
}

/** Newest first. Codes that expired are marked by the sweep, so none is read here for long. */
async function pendingAgentKeys(ctx: QueryCtx, consumerUserId: string): Promise<string[]> {
  const rows = await ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "pending"),
    )
    .order("desc")
    .take(MAX_AGENTS);
  return rows.map(({ agentKey }) => agentKey);
}
