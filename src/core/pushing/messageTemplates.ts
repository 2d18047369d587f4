/** Reusable texts, sent to one user's chat by hand. Writes `messageTemplates`. */
import * as contract from "../../contract/broadcasts.js";
import { factoryError } from "../../contract/errors.js";
import { findAgent } from "../agents/findAgent.js";
import { asMutation, asQuery } from "../functions.js";
import { activeBinding } from "../identity/bindings.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import { enqueueMessage } from "../queue/enqueue.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { checkTexts, given } from "../bounds/texts.js";
import { reachableWorkspaces, targetOf } from "./target.js";

export const createMessageTemplate = asMutation(contract.createMessageTemplate)(async (ctx, args) => {
  const { companyId, templateKey, title, text, enabled = true, actorUserId } = args;
  await checkTexts(ctx, { companyId, templateKey, title, text });
  const existing = await ctx.db
    .query("messageTemplates")
    .withIndex("by_key", (q) => q.eq("companyId", companyId).eq("templateKey", templateKey))
    .first();
  if (existing) {
    throw factoryError("push_template_exists", `Template key '${templateKey}' already exists for company`);
  }
  const now = Date.now();
  return await ctx.db.insert("messageTemplates", {
    ...{ companyId, templateKey, title, text, enabled },
    ...{ createdBy: actorUserId, updatedBy: actorUserId, createdAt: now, updatedAt: now },
  });
});

export const updateMessageTemplate = asMutation(contract.updateMessageTemplate)(async (
  ctx,
  { templateId, actorUserId, ...changes },
) => {
  const template = await findTemplate(ctx, templateId);
  if (!template) return false;
  await checkTexts(ctx, { title: changes.title, text: changes.text });
  await ctx.db.patch(template._id, { ...given(changes), updatedBy: actorUserId, updatedAt: Date.now() });
  return true;
});

export const deleteMessageTemplate = asMutation(contract.deleteMessageTemplate)(async (
  ctx,
  { templateId },
) => {
  const template = await findTemplate(ctx, templateId);
  if (template) await ctx.db.delete(template._id);
  return template !== null;
});

export const listMessageTemplatesByCompany = asQuery(contract.listMessageTemplatesByCompany)(async (
  ctx,
  { companyId, includeDisabled = false, limit, before = Infinity },
) => {
  const templates = ctx.db.query("messageTemplates");
  const rows = includeDisabled
    ? templates.withIndex("by_company", (q) => q.eq("companyId", companyId).lt("updatedAt", before))
    : templates.withIndex("by_company_and_enabled", (q) =>
        q.eq("companyId", companyId).eq("enabled", true).lt("updatedAt", before),
      );
  const page = await pageOf(rows.order("desc"), clampLimit(limit, 200, 500));
  return page.map(({ _creationTime: _, ...template }) => template);
});

/**
 * Throws `message_template_not_found`, `message_template_disabled`, `push_no_binding` (also for an agent outside the
 * template's company), and what the queue throws.
 */
export const sendMessageTemplateToUserAgent = asMutation(contract.sendMessageTemplateToUserAgent)(async (
  ctx,
  { templateId, consumerUserId, agentKey, metadata, providerConfig },
) => {
  const template = await findTemplate(ctx, templateId);
  if (!template) throw factoryError("message_template_not_found", "Message template not found");
  if (!template.enabled) throw factoryError("message_template_disabled", "Message template is disabled");
  const binding = await activeBinding(ctx, consumerUserId);
  const agent = binding?.agentKey === agentKey ? await findAgent(ctx, agentKey) : null;
  const workspaces = await reachableWorkspaces(ctx, template.companyId);
  if (!agent || !workspaces.includes(agent.workspace)) {
    throw factoryError("push_no_binding", "No active binding found for consumerUserId and agentKey");
  }
  const target = await targetOf(ctx, { consumerUserId, agentKey, binding });
  return await enqueueMessage(ctx, {
    conversationId: target.conversationId,
    agentKey,
    payload: {
      ...target.payload,
      messageText: template.text,
      metadata: {
        ...metadata,
        ...target.metadata,
        consumerUserId,
        source: "message_template",
        messageTemplateId: template._id,
      },
    },
    providerConfig,
  });
});

function findTemplate(ctx: QueryCtx, templateId: string): Promise<Doc<"messageTemplates"> | null> {
  const id = ctx.db.normalizeId("messageTemplates", templateId);
  return id === null ? Promise.resolve(null) : ctx.db.get(id);
}
