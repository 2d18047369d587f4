/** Push templates: texts with suggested times, from which jobs are made. Writes `messagePushTemplates`. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/pushing.js";
import { suggestedTimesFault } from "../../policy/pushing/schedule.js";
import { asMutation, asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import { checkTexts, given } from "../bounds/texts.js";

const MAX_SUGGESTED_TIMES = 50;
const MAX_LIST = 500;

export const createPushTemplate = asMutation(contract.createPushTemplate)(async (ctx, args) => {
  const { companyId, templateKey, title, text, periodicity, suggestedTimes, actorUserId } = args;
  checkSuggestedTimes(periodicity, suggestedTimes);
  await checkTexts(ctx, { companyId, templateKey, title, text });
  const existing = await ctx.db
    .query("messagePushTemplates")
    .withIndex("by_key", (q) => q.eq("companyId", companyId).eq("templateKey", templateKey))
    .first();
  if (existing) {
    throw factoryError("push_template_exists", `Template key '${templateKey}' already exists for company`);
  }
  const now = Date.now();
  return await ctx.db.insert("messagePushTemplates", {
    companyId,
    templateKey,
    title,
    text,
    periodicity,
    suggestedTimes,
    enabled: args.enabled ?? true,
    createdBy: actorUserId,
    updatedBy: actorUserId,
    createdAt: now,
    updatedAt: now,
  });
});

export const updatePushTemplate = asMutation(contract.updatePushTemplate)(async (
  ctx,
  { templateId, actorUserId, ...changes },
) => {
  const template = await findPushTemplate(ctx, templateId);
  if (!template) return false;
  checkSuggestedTimes(
    changes.periodicity ?? template.periodicity,
    changes.suggestedTimes ?? template.suggestedTimes,
  );
  await checkTexts(ctx, { title: changes.title, text: changes.text });
  await ctx.db.patch(template._id, { ...given(changes), updatedBy: actorUserId, updatedAt: Date.now() });
  return true;
});

export const deletePushTemplate = asMutation(contract.deletePushTemplate)(async (ctx, { templateId }) => {
  const template = await findPushTemplate(ctx, templateId);
  if (template) await ctx.db.delete(template._id);
  return template !== null;
});

export const listPushTemplatesByCompany = asQuery(contract.listPushTemplatesByCompany)(async (
  ctx,
  { companyId, includeDisabled = false, limit, before = Infinity },
) => {
  const templates = ctx.db.query("messagePushTemplates");
  const rows = includeDisabled
    ? templates.withIndex("by_company", (q) => q.eq("companyId", companyId).lt("updatedAt", before))
    : templates.withIndex("by_company_and_enabled", (q) =>
        q.eq("companyId", companyId).eq("enabled", true).lt("updatedAt", before),
      );
  const page = await pageOf(rows.order("desc"), clampLimit(limit, 200, MAX_LIST));
  return page.map(templateView);
});

/** null for an id that is none, too. */
export function findPushTemplate(
  ctx: QueryCtx,
  templateId: string,
): Promise<Doc<"messagePushTemplates"> | null> {
  const id = ctx.db.normalizeId("messagePushTemplates", templateId);
  return id === null ? Promise.resolve(null) : ctx.db.get(id);
}

function templateView({ _creationTime: _, ...template }: Doc<"messagePushTemplates">) {
  return template;
}

function checkSuggestedTimes(periodicity: contract.Periodicity, suggestedTimes: contract.Slot[]): void {
  const fault = suggestedTimesFault(periodicity, suggestedTimes);
  if (fault !== null) throw factoryError("push_schedule_invalid", fault);
  if (suggestedTimes.length > MAX_SUGGESTED_TIMES) {
    throw factoryError("invalid_argument", `A template takes at most ${MAX_SUGGESTED_TIMES} suggested times`);
  }
}
