/** Stores a version of a skill and approves it for a channel. Writes `globalSkills`, `…Versions`, `…Files`, `…Releases`. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/skills.js";
import { assembleBundle, type SkillFile } from "../../policy/skills/bundle.js";
import { filesHash } from "../../policy/skills/hash.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import { isSemanticVersion, isSkillSlug, normalizeSlug } from "../../policy/skills/identity.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { activate } from "./releases.js";

const MAX_LABEL_CHARS = 200;
const MAX_DESCRIPTION_CHARS = 2_000;

const invalid = (message: string) => factoryError("skill_invalid", message);

export const findSkill = (ctx: QueryCtx, slug: string) =>
  ctx.db
    .query("globalSkills")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();

export const deployGlobalSkill = asMutation(contract.deployGlobalSkill)(async (ctx, args) => {
  const slug = normalizeSlug(args.slug);
  if (!isSkillSlug(slug)) throw invalid("Invalid skill slug. Use lowercase letters, numbers, '-' and '_'.");
  const version = args.version.trim();
  if (!isSemanticVersion(version)) throw invalid("Invalid skill version. Use semantic versioning format.");
  const entryPoint = (args.entryPoint ?? "default").trim();
  if (entryPoint === "") throw invalid("entryPoint is required.");
  const moduleFormat = args.moduleFormat ?? "esm";
  const bundle = assembleBundle(args.sourceJs, args.files ?? [], moduleFormat);
  if (!bundle.ok) throw invalid(bundle.message);
  const actor = args.actor ?? "system";
  refuseLong({ entryPoint, actor, displayName: args.displayName }, MAX_LABEL_CHARS);
  refuseLong({ description: args.description }, MAX_DESCRIPTION_CHARS);

  const skillId = await upsertSkill(ctx, slug, args, actor);
  const hashed = await Promise.all(
    bundle.files.map(async (file) => ({ ...file, sha256: await sha256Hex(file.content) })),
  );
  const row = await storeVersion(
    ctx,
    hashed,
    {
      skillId,
      version,
      moduleFormat,
      entryPoint,
      sha256: await sha256Hex(bundle.source),
      filesHash: await filesHash(hashed),
      files: hashed.map(({ path, sha256 }) => ({ path, sha256 })),
      sizeBytes: bundle.sizeBytes,
      createdBy: actor,
    },
    slug,
  );
  const releaseChannel = args.releaseChannel ?? "stable";
  const releaseId = await activate(ctx, row, releaseChannel, actor);
  await recordAct(ctx, {
    kind: "skill.deployed",
    actor: "host",
    subject: slug,
    detail: { version, releaseChannel, filesHash: row.filesHash, by: actor },
  });
  return { skillId, versionId: row._id, releaseId, slug, version, sha256: row.sha256, releaseChannel };
});

function refuseLong(fields: Record<string, string | undefined>, maxChars: number): void {
  for (const [name, value] of Object.entries(fields)) {
    if ((value?.length ?? 0) > maxChars) throw invalid(`${name} is longer than ${maxChars} characters.`);
  }
}

/** Names that are not given stay as they are; a skill that is deployed is active. */
async function upsertSkill(
  ctx: MutationCtx,
  slug: string,
  { displayName, description }: { displayName?: string; description?: string },
  actor: string,
): Promise<Id<"globalSkills">> {
  const known = await findSkill(ctx, slug);
  const now = Date.now();
  if (known) {
    await ctx.db.patch(known._id, {
      displayName: displayName ?? known.displayName,
      description: description ?? known.description,
      status: "active",
      updatedBy: actor,
      updatedAt: now,
    });
    return known._id;
  }
  return await ctx.db.insert("globalSkills", {
    slug,
    displayName: displayName ?? slug,
    description,
    status: "active",
    createdBy: actor,
    updatedBy: actor,
    createdAt: now,
    updatedAt: now,
  });
}

/** The version's row: the one there is when nothing differs, else a new one with its contents. Throws `skill_conflict`. */
async function storeVersion(
  ctx: MutationCtx,
  files: readonly (SkillFile & { sha256: string })[],
  fields: Omit<Doc<"globalSkillVersions">, "_id" | "_creationTime" | "createdAt">,
  slug: string,
): Promise<Doc<"globalSkillVersions">> {
  const known = await ctx.db
    .query("globalSkillVersions")
    .withIndex("by_skillId_and_version", (q) => q.eq("skillId", fields.skillId).eq("version", fields.version))
    .unique();
  if (known) {
    const same =
      known.filesHash === fields.filesHash &&
      known.entryPoint === fields.entryPoint &&
      known.moduleFormat === fields.moduleFormat;
    if (same) return known;
    throw factoryError(
      "skill_conflict",
      `Skill ${slug}@${fields.version} already exists with a different source.`,
    );
  }
  const versionId = await ctx.db.insert("globalSkillVersions", { ...fields, createdAt: Date.now() });
  for (const { path, sha256, content } of files)
    await ctx.db.insert("globalSkillFiles", { versionId, path, sha256, content });
  const stored = await ctx.db.get(versionId);
  if (!stored) throw factoryError("internal", "The version was not stored.");
  return stored;
}
