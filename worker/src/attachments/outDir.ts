/** The directory in which a program leaves the files of its answer. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MAX_REPLY_FILE_BYTES, MAX_REPLY_FILES } from "../../../src/contract/attachments.js";
import { EngineError, type EngineFile } from "../engine/engine.js";
import { readRegularFile } from "../files/openRegular.js";
import { factsAt, inside, loosen, namesIn, rawPath, shownName, type RawPath } from "../files/rawPath.js";
import { removeTree } from "../files/removeTree.js";

/** All files of one answer together, in bytes: they are held in memory until they are sent. */
const MAX_TOTAL_BYTES = 2 * MAX_REPLY_FILE_BYTES;

/**
 * Runs `run` with a fresh directory; what lies in it afterwards are the files, and `missing` names those that cannot be
 * read. The directory is deleted in any case.
 */
export async function withOutDir<T extends { text: string }>(
  run: (dir: string) => Promise<T>,
): Promise<T & { files: EngineFile[]; missing: string[] }> {
  const dir = await mkdtemp(path.join(tmpdir(), "agent-out-"));
  try {
    const result = await run(dir);
    return { ...result, ...(await collect(rawPath(dir))) };
  } finally {
    // It must not cost the answer.
    await removeTree(dir).catch(() => undefined);
  }
}

/** Regular files directly inside, by name; hidden ones, links and directories do not count. */
async function collect(dir: RawPath): Promise<{ files: EngineFile[]; missing: string[] }> {
  const files: EngineFile[] = [];
  const missing: string[] = [];
  let total = 0;
  const facts = await factsAt(dir);
  if (facts !== null) await loosen(dir, facts);
  const names = facts === null ? [] : await namesIn(dir);
  for (const raw of names.sort((a, b) => Buffer.compare(a, b))) {
    const name = shownName(raw);
    const file = inside(dir, raw);
    const stands = await factsAt(file);
    if (name.startsWith(".") || !stands?.isFile() || stands.size === 0) continue;
    const { size } = stands;
    total += size;
    if (size > MAX_REPLY_FILE_BYTES || total > MAX_TOTAL_BYTES || files.length === MAX_REPLY_FILES)
      throw new EngineError("refused", `the files of the answer are too many or too large, at ${name}`);
    const bytes = await readRegularFile(file, MAX_REPLY_FILE_BYTES).catch(() => null);
    if (bytes === null) missing.push(name);
    else files.push({ fileName: name, bytes: new Uint8Array(bytes) });
  }
  return { files, missing };
}
