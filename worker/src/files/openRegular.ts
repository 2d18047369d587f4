import { constants, type Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { RawPath } from "./rawPath.js";

/** O_NONBLOCK: a pipe that took a file's place would be waited for without end. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a regular file for reading; null when something else stands there. Links are not followed (`ELOOP`). Rejects with
 * the system's error.
 */
export async function openRegular(
  file: RawPath | string,
): Promise<{ handle: FileHandle; facts: Stats } | null> {
  const handle = await open(file, flags);
  try {
    const facts = await handle.stat();
    if (facts.isFile()) return { handle, facts };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/** A whole regular file; null when something else stands there or it has more than `maxBytes`. Rejects as {@link openRegular}. */
export async function readRegularFile(
  file: RawPath | string,
  maxBytes: number,
): Promise<Buffer<ArrayBuffer> | null> {
  const opened = await openRegular(file);
  if (opened === null) return null;
  try {
    return opened.facts.size > maxBytes ? null : await opened.handle.readFile();
  } finally {
    await opened.handle.close();
  }
}
