/**
 * Texts of a company: push templates with suggested times, from which jobs are made, and reusable ones, sent to one user's
 * chat by hand. Writes `messagePushTemplates`, `messageTemplates`.
 */
import * as broadcasts from "../../contract/broadcasts.js";
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/pushing.js";
import { suggestedTimesFault } from "../../policy/pushing/schedule.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import { checkTexts, findGiven, given } from "../bounds/texts.js";
import { asMutation, asQuery } from "../functions.js";
import { activeBinding } from "../identity/bindings.js";
import { enqueueMessage } from "../queue/enqueue.js";
import { reachableWorkspaces, targetOf } from "./target.js";

const MAX_SUGGESTED_TIMES = 50;

type Table = "messagePushTemplates" | "messageTemplates";

export const createPushTemplate = asMutation(contract.createPushTemplate)(async (
  ctx,
  { actorUserId, ...args },
) => {
  checkSuggestedTimes(args);
  return await ctx.db.insert("messagePushTemplates", {
    ...args,
    ...(await freshFields(ctx, "messagePushTemplates", args, actorUserId)),
  });
});

export const updatePushTemplate = asMutation(contract.updatePushTemplate)(async (
  ctx,
  { templateId, ...changes },
) => {
  const template = await findGiven(ctx, "messagePushTemplates", templateId);
  if (!template) return false;
  checkSuggestedTimes({ ...template, ...given(changes) });
  await ctx.db.patch(template._id, await changedFields(ctx, changes));
  return true;
});

export const deletePushTemplate = asMutation(contract.deletePushTemplate)((ctx, { templateId }) =>
  drop(ctx, "messagePushTemplates", templateId),
);

export const listPushTemplatesByCompany = asQuery(contract.listPushTemplatesByCompany)((ctx, args) =>
  list(ctx, "messagePushTemplates", args),
);

export const createMessageTemplate = asMutation(broadcasts.createMessageTemplate)(
  async (ctx, { actorUserId, ...args }) =>
    ctx.db.insert("messageTemplates", {
      ...args,
      ...(await freshFields(ctx, "messageTemplates", args, actorUserId)),
    }),
);

export const updateMessageTemplate = asMutation(broadcasts.updateMessageTemplate)(async (
  ctx,
  { templateId, ...changes },
) => {
  const template = await findGiven(ctx, "messageTemplates", templateId);
  if (template) await ctx.db.patch(template._id, await changedFields(ctx, changes));
  return template !== null;
});

export const deleteMessageTemplate = asMutation(broadcasts.deleteMessageTemplate)((ctx, { templateId }) =>
  drop(ctx, "messageTemplates", templateId),
);

export const listMessageTemplatesByCompany = asQuery(broadcasts.listMessageTemplatesByCompany)((ctx, args) =>
  list(ctx, "messageTemplates", args),
);

/**
 * Throws `message_template_not_found`, `message_template_disabled`, `push_no_binding` (also for an agent outside the
 * template's company), and what the queue throws.
 */
export const sendMessageTemplateToUserAgent = asMutation(broadcasts.sendMessageTemplateToUserAgent)(async (
  ctx,
  { templateId, consumerUserId, agentKey, metadata, providerConfig },
) => {
  const template = await findGiven(ctx, "messageTemplates", templateId);
  if (!template) throw factoryError("message_template_not_found", "Message template not found");
  if (!template.enabled) throw factoryError("message_template_disabled", "Message template is disabled");
  const binding = await activeBinding(ctx, consumerUserId);
  const agent = binding?.agentKey === agentKey ? await findAgent(ctx, agentKey) : null;
  const workspaces = await reachableWorkspaces(ctx, template.companyId);
  if (!agent || !workspaces.includes(agent.workspace)) {
    throw factoryError("push_no_binding", "No active binding found for consumerUserId and agentKey");
  }
  const target = await targetOf(ctx, { consumerUserId, agentKey, binding });
  const ours = { consumerUserId, source: "message_template", messageTemplateId: template._id };
  return await enqueueMessage(ctx, {
    conversationId: target.conversationId,
    agentKey,
    payload: {
      ...target.payload,
      messageText: template.text,
      metadata: { ...metadata, ...target.metadata, ...ours },
    },
    providerConfig,
  });
});

/** What a new template has besides what was asked for. Throws `push_template_exists`, and as `checkTexts`. */
async function freshFields(
  ctx: MutationCtx,
  table: Table,
  args: { companyId: string; templateKey: string; title: string; text: string; enabled?: boolean },
  createdBy: string,
) {
  const { companyId, templateKey, title, text, enabled = true } = args;
  await checkTexts(ctx, { companyId, templateKey, title, text });
  const existing = await ctx.db
    .query(table)
    .withIndex("by_key", (q) => q.eq("companyId", companyId).eq("templateKey", templateKey))
    .first();
  if (existing) {
    throw factoryError("push_template_exists", `Template key '${templateKey}' already exists for company`);
  }
  const now = Date.now();
  return { enabled, createdBy, updatedBy: createdBy, createdAt: now, updatedAt: now };
}

async function changedFields<Changes extends { title?: string; text?: string; actorUserId: string }>(
  ctx: MutationCtx,
  { actorUserId, ...changes }: Changes,
) {
  await checkTexts(ctx, { title: changes.title, text: changes.text });
  return { ...given(changes), updatedBy: actorUserId, updatedAt: Date.now() };
}

async function drop(ctx: MutationCtx, table: Table, templateId: string): Promise<boolean> {
  const template = await findGiven(ctx, table, templateId);
  if (template) await ctx.db.delete(template._id);
  return template !== null;
}

async function list<Of extends Table>(
  ctx: QueryCtx,
  table: Of,
  args: { companyId: string; includeDisabled?: boolean; limit?: number; before?: number },
) {
  const { companyId, includeDisabled = false, limit, before = Infinity } = args;
  const templates = ctx.db.query<Table>(table);
  const rows = includeDisabled
    ? templates.withIndex("by_company", (q) => q.eq("companyId", companyId).lt("updatedAt", before))
    : templates.withIndex("by_company_and_enabled", (q) =>
        q.eq("companyId", companyId).eq("enabled", true).lt("updatedAt", before),
      );
  // Both tables have these indexes, which is more than types can say of "either".
  const page = await pageOf(rows.order("desc"), clampLimit(limit, 200, 500));
  return (page as unknown as Doc<Of>[]).map(({ _creationTime, ...template }) => template);
}

function checkSuggestedTimes(of: Pick<Doc<"messagePushTemplates">, "periodicity" | "suggestedTimes">): void {
  const fault = suggestedTimesFault(of.periodicity, of.suggestedTimes);
  if (fault !== null) throw factoryError("push_schedule_invalid", fault);
  if (of.suggestedTimes.length > MAX_SUGGESTED_TIMES) {
    throw factoryError("invalid_argument", `A template takes at most ${MAX_SUGGESTED_TIMES} suggested times`);
  }
}
