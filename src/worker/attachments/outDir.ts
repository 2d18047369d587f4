/** The directory in which a program leaves the files of its answer. */
import { lstat, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MAX_REPLY_FILE_BYTES, MAX_REPLY_FILES } from "../../contract/attachments.js";
import { EngineError } from "../engines/engine.js";
import type { EngineFile } from "./files.js";

/** All files of one answer together, in bytes: they are held in memory until they are sent. */
const maxTotalBytes = 2 * MAX_REPLY_FILE_BYTES;

/** Runs `run` with a fresh directory; what lies in it afterwards are the files. The directory is deleted in any case. */
export async function withOutDir<T extends { text: string }>(
  run: (dir: string) => Promise<T>,
): Promise<T & { files: EngineFile[] }> {
  const dir = await mkdtemp(path.join(tmpdir(), "agent-out-"));
  try {
    const result = await run(dir);
    return { ...result, files: await collect(dir) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Regular files directly inside, by name; hidden ones, links and directories do not count. */
async function collect(dir: string): Promise<EngineFile[]> {
  const names = (await readdir(dir)).filter((name) => !name.startsWith(".")).sort();
  const files: EngineFile[] = [];
  let total = 0;
  for (const name of names) {
    const file = path.join(dir, name);
    const facts = await lstat(file);
    if (!facts.isFile() || facts.size === 0) continue;
    total += facts.size;
    if (facts.size > MAX_REPLY_FILE_BYTES || total > maxTotalBytes || files.length === MAX_REPLY_FILES)
      throw new EngineError("refused", `the files of the answer are too many or too large, at ${name}`);
    files.push({ fileName: name, bytes: new Uint8Array(await readFile(file)) });
  }
  return files;
}
