import { randomUUID } from "node:crypto";
import { rename, rmdir, unlink } from "node:fs/promises";
import path from "node:path";
import { codeOf, factsAt, inside, isGone, loosen, namesIn, rawPath, type RawPath } from "./rawPath.js";

/** A path of this many bytes leaves room for one more name; Linux takes 4,095. */
const MAX_PATH_BYTES = 3_000;
/** A program that still runs may fill a directory again while it is emptied. */
const TRIES = 3;

/**
 * Removes whatever stands at `target`, links not followed: any name, any depth, directories that nobody may enter or
 * change (Go's module cache). Nothing there is fine. Rejects with the system's error for what belongs to another user.
 */
export async function removeTree(target: string): Promise<void> {
  await remove(rawPath(target), rawPath(path.dirname(target)));
}

async function remove(target: RawPath, shallow: RawPath): Promise<void> {
  const facts = await factsAt(target);
  if (facts === null) return;
  if (!facts.isDirectory()) return await gone(unlink(target));
  await loosen(target, facts);
  if (target.length > MAX_PATH_BYTES) {
    const moved = inside(shallow, randomUUID());
    await rename(target, moved);
    return await remove(moved, shallow);
  }
  for (let tried = 1; ; tried += 1) {
    for (const name of await namesIn(target)) await remove(inside(target, name), shallow);
    try {
      return await gone(rmdir(target));
    } catch (error) {
      if (codeOf(error) !== "ENOTEMPTY" || tried === TRIES) throw error;
    }
  }
}

async function gone(removed: Promise<void>): Promise<void> {
  await removed.catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}
