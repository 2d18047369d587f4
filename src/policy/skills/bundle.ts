/**
 * What a skill is on a disk: `SKILL.md`, an entry script if it has one, further files, and a marker that says who manages the directory.
 * The script and the further files are stored; the other two are written from the skill's row whenever they are needed, the
 * same for the same row.
 */
import { cutText } from "../text/cut.js";
import { skillPathsFault } from "./paths.js";

export type ModuleFormat = "esm" | "cjs";
export interface SkillFile {
  path: string;
  content: string;
}

export const SKILL_DOC_PATH = "SKILL.md";
/** Its presence makes a directory ours to replace and to remove. */
export const MARKER_PATH = ".af-global-skill.json";
export const MANAGED_BY = "agent-factory";
export const LAYOUT_VERSION = "openclaw-workspace-skill-v1";

const MIN_SOURCE_CHARS = 16;
/** 1.0.11's bound for a source; it holds for every file, so that a row stays below 1 MiB. */
const MAX_SOURCE_CHARS = 200_000;
export const MAX_FILES = 64;
/** UTF-8 bytes of all stored files of one version. */
const MAX_BUNDLE_BYTES = 1024 * 1024;
/** OpenClaw wants one line below 160 characters. */
const MAX_DESCRIPTION_CHARS = 159;

export const entryPath = (format: ModuleFormat): string =>
  format === "cjs" ? "scripts/index.cjs" : "scripts/index.mjs";

export type Bundle =
  | { ok: true; source: string; files: SkillFile[]; sizeBytes: number }
  | { ok: false; fault: "source_short" | "source_large" | "files"; message: string };

/**
 * The stored files of a version, sorted by path: the entry script (trimmed, one newline at its end), given as `sourceJs` or
 * among `files`, and the rest as they are. A skill of words and shell scripts has its own `SKILL.md` and no entry script;
 * its `source` is empty.
 */
export function assembleBundle(
  sourceJs: string | undefined,
  files: readonly SkillFile[],
  format: ModuleFormat,
): Bundle {
  const entry = entryPath(format);
  const inFiles = files.find(({ path }) => path === entry);
  if (sourceJs !== undefined && inFiles !== undefined)
    return faulty(`The entry script is given twice: as sourceJs and as ${entry}.`);
  const source = (sourceJs ?? inFiles?.content ?? "").trim();
  const scripted = sourceJs !== undefined || inFiles !== undefined;
  const described = files.some(({ path }) => path === SKILL_DOC_PATH);
  if ((scripted || !described) && source.length < MIN_SOURCE_CHARS)
    return { ok: false, fault: "source_short", message: "Skill source is too short." };
  if (source.length > MAX_SOURCE_CHARS)
    return { ok: false, fault: "source_large", message: "Skill source too large (max 200KB)." };
  const rest = files.filter(({ path }) => path !== entry);
  if (rest.length >= MAX_FILES) return faulty(`A skill has at most ${MAX_FILES} files.`);
  const pathsFault = skillPathsFault([...(scripted ? [entry] : []), ...rest.map(({ path }) => path)]);
  if (pathsFault !== null) return faulty(`Invalid skill file: ${pathsFault}.`);
  for (const { path, content } of rest) {
    const folded = path.toLowerCase();
    if (folded === MARKER_PATH || (folded === SKILL_DOC_PATH.toLowerCase() && path !== SKILL_DOC_PATH))
      return faulty(`Invalid skill file: ${path} is a reserved name.`);
    if (content.length > MAX_SOURCE_CHARS)
      return faulty(`Invalid skill file: ${path} is too large (max 200KB).`);
  }
  const script = scripted ? [{ path: entry, content: `${source}\n` }] : [];
  const all = [...script, ...rest].sort(byPath);
  const sizeBytes = all.reduce((sum, { content }) => sum + utf8Bytes(content), 0);
  if (sizeBytes > MAX_BUNDLE_BYTES)
    return faulty(`The skill's files are ${sizeBytes} bytes, at most ${MAX_BUNDLE_BYTES} are allowed.`);
  return { ok: true, source, files: all, sizeBytes };
}

const faulty = (message: string): Bundle => ({ ok: false, fault: "files", message });
const byPath = (a: SkillFile, b: SkillFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

/** The script as it was given: without the newline that the file has at its end. */
export const sourceOf = (entryContent: string): string => entryContent.slice(0, -1);

/** The front matter that an agent reads to learn what the skill is for. JSON strings are valid YAML. */
export function skillDoc(skill: { slug: string; displayName: string; description?: string }): string {
  const description = (skill.description ?? skill.displayName).replace(/\s+/g, " ").trim();
  const oneLine = cutText(description, MAX_DESCRIPTION_CHARS);
  return `---\nname: ${skill.slug}\ndescription: ${JSON.stringify(oneLine)}\n---\n\n# ${skill.displayName.replace(/\s+/g, " ")}\n\n${skill.description?.trim() ?? ""}\n`;
}

export function skillMarker(version: {
  slug: string;
  version: string;
  sha256: string;
  entryPoint: string;
  moduleFormat: ModuleFormat;
  /** Epoch ms at which the version was deployed; never the time of the call. */
  createdAt: number;
}): string {
  const { slug, sha256, entryPoint, moduleFormat, createdAt } = version;
  const marker = { slug, version: version.version, sha256, managedBy: MANAGED_BY, entryPoint, moduleFormat };
  return `${JSON.stringify({ ...marker, generatedAt: createdAt }, null, 2)}\n`;
}
