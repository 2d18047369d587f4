/**
 * What a worker carries: the active skills of a channel. By hash it reads rows of a few hundred bytes; the form of 1.0.11
 * reads every content and is bounded by what a channel may hold.
 */
import * as contract from "../../contract/skills.js";
import {
  entryPath,
  LAYOUT_VERSION,
  MARKER_PATH,
  MAX_FILES,
  SKILL_DOC_PATH,
  skillDoc,
  skillMarker,
  sourceOf,
  type SkillFile,
  utf8Bytes,
} from "../../policy/skills/bundle.js";
import { contentHash, manifestVersion, publishedBundleHash } from "../../policy/skills/hash.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import type { Policies } from "../../contract/policies.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { activeReleases } from "./releases.js";
import { factoryError } from "../../contract/errors.js";

interface Approved {
  skill: Doc<"globalSkills">;
  version: Doc<"globalSkillVersions">;
  changedAt: number;
}

/** The active skills with their active version on the channel, by slug. */
async function approvedSkills(ctx: QueryCtx, channel: contract.ReleaseChannel): Promise<Approved[]> {
  const releases = await activeReleases(ctx, channel);
  const rows = await Promise.all(
    releases.map(async (release) => {
      const skill = await ctx.db.get(release.skillId);
      if (skill?.status !== "active") return null;
      const version = await ctx.db.get(release.versionId);
      return version && { skill, version, changedAt: Math.max(release.activatedAt, skill.updatedAt) };
    }),
  );
  return rows.filter((row) => row !== null).sort((a, b) => (a.skill.slug < b.skill.slug ? -1 : 1));
}

/** The files that are written from the rows: the marker always, `SKILL.md` unless the version brings its own. */
function generatedFiles({ skill, version }: Approved): SkillFile[] {
  const marker = { path: MARKER_PATH, content: skillMarker({ ...version, slug: skill.slug }) };
  if (version.files.some(({ path }) => path === SKILL_DOC_PATH)) return [marker];
  return [{ path: SKILL_DOC_PATH, content: skillDoc(skill) }, marker];
}

/** `SKILL.md` first, the marker last, as the published images expect to find them. */
const inOrder = <File extends { path: string }>(files: File[]): File[] => {
  const rank = ({ path }: File): number => (path === SKILL_DOC_PATH ? 0 : path === MARKER_PATH ? 2 : 1);
  return files.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
};

const hashed = async (file: SkillFile) => ({ ...file, sha256: await sha256Hex(file.content) });

const versionOf = (approved: Approved[]): Promise<string> =>
  manifestVersion(
    approved.map(({ skill: { slug }, version: { version, sha256 } }) => ({ slug, version, sha256 })),
  );

export const getWorkerGlobalSkillsIndex = asQuery(contract.getWorkerGlobalSkillsIndex)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  const releaseChannel = args.releaseChannel ?? "stable";
  const approved = await approvedSkills(ctx, releaseChannel);
  const skills = await Promise.all(
    approved.map(async (row) => ({
      slug: row.skill.slug,
      version: row.version.version,
      skillDirName: row.skill.slug,
      files: inOrder([
        ...row.version.files.map((file): { path: string; sha256: string; content?: string } => file),
        ...(await Promise.all(generatedFiles(row).map(hashed))),
      ]),
    })),
  );
  const hash = await contentHash(skills);
  const unchanged = args.ifNoneMatch === hash;
  return {
    layoutVersion: LAYOUT_VERSION,
    manifestVersion: await versionOf(approved),
    contentHash: hash,
    releaseChannel,
    unchanged,
    skills: unchanged ? [] : skills,
  };
});

export const getWorkerGlobalSkillsManifest = asQuery(contract.getWorkerGlobalSkillsManifest)(async (
  ctx,
  args,
) => {
  await authorizeWorker(ctx, args);
  const releaseChannel = args.releaseChannel ?? "stable";
  const approved = await approvedSkills(ctx, releaseChannel);
  const { policies } = await loadRuntime(ctx);
  return {
    layoutVersion: LAYOUT_VERSION,
    manifestVersion: await versionOf(approved),
    generatedAt: Math.max(0, ...approved.map(({ changedAt }) => changedAt)),
    releaseChannel,
    workspaceId: args.workspaceId ?? "default",
    skills: await Promise.all(approved.map((row) => fullSkill(ctx, row, policies.skills.manifestHash))),
  };
});

async function fullSkill(ctx: QueryCtx, row: Approved, hashOf: Policies["skills"]["manifestHash"]) {
  const { skill, version } = row;
  const stored = await ctx.db
    .query("globalSkillFiles")
    .withIndex("by_versionId", (q) => q.eq("versionId", version._id))
    .take(MAX_FILES);
  const files = inOrder([
    ...stored.map(({ path, content, sha256 }) => ({ path, content, sha256 })),
    ...(await Promise.all(generatedFiles(row).map(hashed))),
  ]);
  const entry = stored.find(({ path }) => path === entryPath(version.moduleFormat));
  return {
    slug: skill.slug,
    version: version.version,
    moduleFormat: version.moduleFormat,
    entryPoint: version.entryPoint,
    sourceJs: sourceOf(entry?.content ?? ""),
    sha256: await manifestHash(hashOf, version, files),
    skillDirName: skill.slug,
    files,
  };
}

/** Published images disagree about what `sha256` is of; each skips the check when it is empty. */
async function manifestHash(
  hashOf: Policies["skills"]["manifestHash"],
  version: Doc<"globalSkillVersions">,
  files: (SkillFile & { sha256: string })[],
): Promise<string> {
  switch (hashOf) {
    case "source":
      return version.sha256;
    case "bundle":
      return await publishedBundleHash(files, MARKER_PATH);
    case "none":
      return "";
  }
}

/** A quarter of what a function may read and return; one more file is at most 600 KB. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

export const getGlobalSkillFiles = asQuery(contract.getGlobalSkillFiles)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  if (args.hashes.length > MAX_FILES)
    throw factoryError("invalid_argument", `At most ${MAX_FILES} hashes may be asked for at once`);
  const files: { sha256: string; content: string }[] = [];
  let bytes = 0;
  for (const [index, sha256] of args.hashes.entries()) {
    if (bytes >= MAX_RESPONSE_BYTES) return { files, remaining: args.hashes.slice(index) };
    const row = await ctx.db
      .query("globalSkillFiles")
      .withIndex("by_sha256", (q) => q.eq("sha256", sha256))
      .first();
    if (!row) continue;
    bytes += utf8Bytes(row.content);
    files.push({ sha256, content: row.content });
  }
  return { files, remaining: [] };
});
