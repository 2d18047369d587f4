/**
 * Files that an OpenClaw gateway names in its answer. The model chooses the path, so only files inside the given
 * directories are read, after links are resolved: never the worker's own environment or the gateway's configuration.
 */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MAX_REPLY_FILE_BYTES, MAX_REPLY_FILES } from "../../../../src/contract/attachments.js";
import { readRegularFile } from "../../files/openRegular.js";
import type { EngineFile } from "../../engine/engine.js";

/** The files that may be sent, and the names of those that may not or are not there. */
export async function readMedia(
  media: readonly string[],
  roots: readonly string[],
): Promise<{ files: EngineFile[]; refused: string[] }> {
  const files: EngineFile[] = [];
  const refused: string[] = [];
  const allowed = (await Promise.all(roots.map((root) => realpath(root).catch(() => null)))).filter(
    (root) => root !== null,
  );
  for (const named of [...new Set(media)]) {
    const read = files.length < MAX_REPLY_FILES ? await readOne(named, allowed) : null;
    if (read === null) refused.push(path.basename(named));
    else files.push(read);
  }
  return { files, refused };
}

async function readOne(named: string, roots: string[]): Promise<EngineFile | null> {
  try {
    const file = await realpath(named.startsWith("file:") ? fileURLToPath(named) : named);
    if (!path.isAbsolute(named) && !named.startsWith("file:")) return null;
    if (!roots.some((root) => file.startsWith(`${root}${path.sep}`))) return null;
    const facts = await stat(file);
    if (!facts.isFile() || facts.size === 0 || facts.size > MAX_REPLY_FILE_BYTES) return null;
    const bytes = await readRegularFile(file, MAX_REPLY_FILE_BYTES);
    return bytes === null ? null : { fileName: path.basename(file), bytes: new Uint8Array(bytes) };
  } catch {
    return null;
  }
}
