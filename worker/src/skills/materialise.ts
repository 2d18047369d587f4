/**
 * Puts the approved skills on the disk before the engine starts: fetches their index, verifies it, fetches only contents that
 * are not there, and swaps directories one by one. Nothing is touched before everything is verified.
 */
import path from "node:path";
import type { Logger } from "pino";
import { MAX_FILES } from "../../../src/policy/skills/bundle.js";
import { equalJitter } from "../../../src/policy/retry/backoff.js";
import { repeat } from "../retry.js";
import type { Clock } from "../clock.js";
import type { WorkerEnv } from "../env.js";
import { TransportError } from "../transport/transport.js";
import { entryAt, hashesOf, openStaging, ourDirectories, readRegular, type Staging } from "./disk.js";
import { isOnDisk, LOCK_NAME, lockText, trustworthyLock } from "./lock.js";
import type { IndexSkill, SkillsIndex, SkillsTransport } from "./skillsTransport.js";
import { SkillsError, verifyContent, verifyIndex } from "./verify.js";

export interface MaterialiseDeps {
  transport: SkillsTransport;
  env: Pick<
    WorkerEnv,
    | "OPENCLAW_SKILLS_DIR"
    | "SKILLS_BOOTSTRAP_MODE"
    | "SKILLS_BOOTSTRAP_REQUIRED"
    | "SKILLS_BOOTSTRAP_TIMEOUT_MS"
    | "SKILLS_RELEASE_CHANNEL"
  >;
  clock: Clock;
  logger: Logger;
  /** Aborted when the worker is told to stop. */
  signal: AbortSignal;
}

export interface MaterialiseResult {
  contentHash: string;
  written: string[];
  removed: string[];
  /** Approved, but someone else's directory has the name. */
  refused: string[];
  unchanged: number;
}

const backoff = equalJitter(500, 5_000);

/**
 * Null when skills are off, when the worker is told to stop, or when it failed and `SKILLS_BOOTSTRAP_REQUIRED` is not set:
 * then the skills stay as they were. Otherwise rejects with a {@link SkillsError} or a `TransportError`.
 */
export async function materialiseSkills(deps: MaterialiseDeps): Promise<MaterialiseResult | null> {
  const { env, logger, signal } = deps;
  if (env.SKILLS_BOOTSTRAP_MODE === "off") return null;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), env.SKILLS_BOOTSTRAP_TIMEOUT_MS);
  try {
    const result = await bringUpToDate(deps, AbortSignal.any([signal, limit.signal]));
    logger.info(result, "skills.materialised");
    if (result.refused.length > 0) {
      logger.warn({ refused: result.refused }, "skills.refused");
      if (env.SKILLS_BOOTSTRAP_REQUIRED)
        throw new SkillsError("skills_refused", `not ours to replace: ${result.refused.join(", ")}`);
    }
    return result;
  } catch (error) {
    if (signal.aborted) return null;
    const known = limit.signal.aborted
      ? new SkillsError(
          "skills_unavailable",
          `the skills did not arrive within ${env.SKILLS_BOOTSTRAP_TIMEOUT_MS} ms`,
        )
      : asKnown(error);
    if (env.SKILLS_BOOTSTRAP_REQUIRED) throw known;
    logger.warn({ code: known.code, err: known }, "skills.notMaterialised");
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** A fault of the disk is told by the system's code: the message would name paths. */
function asKnown(error: unknown): SkillsError | TransportError {
  if (error instanceof SkillsError || error instanceof TransportError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unexpected error";
  return new SkillsError("skills_disk", `the skills directory: ${code}`, { cause: error });
}

async function bringUpToDate(deps: MaterialiseDeps, signal: AbortSignal): Promise<MaterialiseResult> {
  const { env } = deps;
  const skillsDir = path.resolve(env.OPENCLAW_SKILLS_DIR);
  const staging = await openStaging(skillsDir);
  try {
    const lock = await trustworthyLock(skillsDir);
    const index = await repeated(deps, signal, () =>
      deps.transport.skillsIndex(
        { releaseChannel: env.SKILLS_RELEASE_CHANNEL, ifNoneMatch: lock?.contentHash },
        signal,
      ),
    );
    if (lock !== null && index.unchanged && index.contentHash === lock.contentHash) {
      const removed = await removeOthers(skillsDir, staging, lock.skills);
      return {
        contentHash: index.contentHash,
        written: [],
        removed,
        refused: [],
        unchanged: lock.skills.length,
      };
    }
    await verifyIndex(index);
    return await apply(deps, signal, skillsDir, staging, index);
  } finally {
    await staging.discard();
  }
}

async function apply(
  deps: MaterialiseDeps,
  signal: AbortSignal,
  skillsDir: string,
  staging: Staging,
  index: SkillsIndex,
): Promise<MaterialiseResult> {
  const changed: IndexSkill[] = [];
  const refused: string[] = [];
  let unchanged = 0;
  for (const skill of index.skills) {
    const entry = await entryAt(skillsDir, skill.skillDirName);
    if (entry === "foreign") refused.push(skill.slug);
    else if (entry === "ours" && (await isOnDisk(skillsDir, skill))) unchanged += 1;
    else changed.push(skill);
  }
  const contents = await contentsOf(deps, signal, skillsDir, changed);
  for (const { skillDirName, files } of changed)
    await staging.prepare(
      skillDirName,
      new Map(files.map(({ path, sha256 }) => [path, take(contents, sha256)])),
    );
  // From here on only renames: a stop or a timeout is not looked at any more.
  const removed = await removeOthers(skillsDir, staging, index.skills);
  for (const { skillDirName } of changed) await staging.publish(skillDirName);
  if (refused.length === 0)
    await staging.replaceFile(LOCK_NAME, lockText(index, deps.env.SKILLS_RELEASE_CHANNEL));
  const written = changed.map(({ slug }) => slug);
  return { contentHash: index.contentHash, written, removed, refused, unchanged };
}

/** Every content of the changed skills by its hash: from the index, from the disk, and the rest from the component. */
async function contentsOf(
  deps: MaterialiseDeps,
  signal: AbortSignal,
  skillsDir: string,
  changed: IndexSkill[],
): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const { skillDirName, files } of changed) {
    const present = await localContents(path.join(skillsDir, skillDirName), files);
    for (const { sha256, content } of files) {
      const found = content === undefined ? present.get(sha256) : Buffer.from(content);
      if (found !== undefined) contents.set(sha256, found);
    }
  }
  let missing = [...new Set(changed.flatMap(({ files }) => files.map(({ sha256 }) => sha256)))].filter(
    (sha256) => !contents.has(sha256),
  );
  while (missing.length > 0) {
    const asked = missing.slice(0, MAX_FILES);
    const { files } = await repeated(deps, signal, () => deps.transport.skillsFiles(asked, signal));
    const before = missing.length;
    for (const { sha256, content } of files) {
      await verifyContent(content, sha256, "a skill");
      contents.set(sha256, Buffer.from(content));
    }
    missing = missing.filter((sha256) => !contents.has(sha256));
    if (missing.length === before)
      throw new SkillsError("skills_unavailable", `${missing.length} files of the skills cannot be had`);
  }
  return contents;
}

/** Files of an earlier version that did not change. */
async function localContents(directory: string, wanted: IndexSkill["files"]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const hashes = await hashesOf(directory).catch(() => null);
  for (const { path: relative, sha256 } of hashes === null ? [] : wanted) {
    if (hashes?.get(relative) !== sha256) continue;
    const content = await readRegular(path.join(directory, ...relative.split("/")));
    if (content !== null) found.set(sha256, content);
  }
  return found;
}

const take = (contents: Map<string, Buffer>, sha256: string): Buffer => {
  const content = contents.get(sha256);
  if (content === undefined) throw new SkillsError("skills_unavailable", "a file of a skill was not fetched");
  return content;
};

/** What is ours but not approved any more goes. */
async function removeOthers(
  skillsDir: string,
  staging: Staging,
  approved: readonly { skillDirName: string }[],
): Promise<string[]> {
  const keep = new Set(approved.map(({ skillDirName }) => skillDirName));
  const removed = (await ourDirectories(skillsDir)).filter((name) => !keep.has(name)).sort();
  for (const name of removed) await staging.withdraw(name);
  return removed;
}

/** Repeats a read until it succeeds, cannot succeed, or time is up. */
const repeated = <T>(
  { clock, logger }: MaterialiseDeps,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> =>
  repeat(call, {
    clock,
    backoff,
    signal,
    onFailure: (error, failures) => {
      if (!(error instanceof TransportError) || !error.retryable || signal.aborted) throw error;
      logger.debug({ code: error.code, failures }, "skills.retrying");
    },
  });
