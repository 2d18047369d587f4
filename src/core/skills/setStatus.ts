/** Enables or disables a skill on every channel. Writes `globalSkills`. */
import * as contract from "../../contract/skills.js";
import { normalizeSlug } from "../../policy/skills/identity.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findSkill } from "./deploy.js";

export const setGlobalSkillStatus = asMutation(contract.setGlobalSkillStatus)(async (ctx, args) => {
  const slug = normalizeSlug(args.slug);
  const skill = await findSkill(ctx, slug);
  if (!skill) return { updated: false, slug, status: args.status };
  const actor = args.actor ?? "system";
  if (skill.status !== args.status) {
    await ctx.db.patch(skill._id, { status: args.status, updatedBy: actor, updatedAt: Date.now() });
    const kind = args.status === "active" ? "skill.enabled" : "skill.disabled";
    await recordAct(ctx, { kind, actor: "host", subject: slug, detail: { by: actor } });
  }
  return { updated: true, slug, status: args.status };
});
