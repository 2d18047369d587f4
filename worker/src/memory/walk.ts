/** A data directory as an agent leaves it, read for an archive: what cannot be read is left out and said. */
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { openRegular } from "../files/openRegular.js";
import {
  codeOf,
  factsAt,
  inside,
  isGone,
  nameText,
  namesIn,
  rawPath,
  type RawPath,
} from "../files/rawPath.js";
import { isForeign } from "./disk.js";
import type { LeftOut } from "./leftOut.js";
import type { Place } from "./place.js";

/** A plain file or directory. `name`: relative to the root, segments joined by `/`. */
export type Found = { name: string; facts: Stats } & (
  { kind: "directory" } | { kind: "file"; handle: FileHandle }
);

/** Of the whole path Linux takes 4,095 bytes; the rest is for the directory that it is restored to. */
const MAX_NAME_BYTES = 3_500;
/** As many levels as `tar` unpacks. */
const MAX_DEPTH = 1_000;
/** Errors that tell about this one entry and not about the machine. */
const entryErrors = new Set(["EACCES", "EPERM", "ENAMETOOLONG", "ELOOP", "ENXIO", "EIO", "EBUSY", "ENODEV"]);

/**
 * Every directory before what is in it. Files are open while they are yielded, links are never followed. Rejects with the
 * system's error when the root itself cannot be listed, or the machine fails (`EMFILE`).
 */
export async function* walk(place: Place, leftOut: LeftOut): AsyncGenerator<Found> {
  const root = rawPath(place.root);
  const names = place.entries?.map((entry) => Buffer.from(entry)) ?? (await namesIn(root));
  // A stack and no recursion: a tree may be hundreds of levels deep.
  const waiting = inOrder(names).filter((name) => !isForeign(name.toString("utf8")));
  for (let rawName = waiting.pop(); rawName !== undefined; rawName = waiting.pop()) {
    const name = nameText(rawName);
    if (name !== null && place.machineFiles.includes(name)) continue;
    if (name === null || rawName.length > MAX_NAME_BYTES || isTooDeep(name) || climbs(name)) {
      leftOut.add(rawName, "name");
      continue;
    }
    const at = inside(root, rawName);
    const facts = await readable(leftOut, name, () => factsAt(at));
    if (!facts) continue;
    if (facts.isFile()) yield* openFile(at, name, leftOut);
    else if (!facts.isDirectory()) leftOut.add(name, facts.isSymbolicLink() ? "link" : "special");
    else {
      yield { kind: "directory", name, facts };
      const children = (await readable(leftOut, name, () => namesIn(at))) ?? [];
      for (const child of inOrder(children)) waiting.push(inside(rawName, child));
    }
  }
}

/** The last is taken first. */
const inOrder = (names: Buffer[]): Buffer[] => names.sort((a, b) => Buffer.compare(b, a));

const isTooDeep = (name: string): boolean => name.split("/").length > MAX_DEPTH;

/** Whether another system would read the name as a way out. */
const climbs = (name: string): boolean => name.includes("\\") && name.split(/[\\/]/).includes("..");

async function* openFile(at: RawPath, name: string, leftOut: LeftOut): AsyncGenerator<Found> {
  const opened = await readable(leftOut, name, () => openRegular(at));
  if (opened === null) leftOut.add(name, "special");
  if (!opened) return;
  try {
    yield { kind: "file", name, ...opened };
  } finally {
    await opened.handle.close();
  }
}

/** Undefined: it is gone by now, or cannot be read, which is noted. */
export async function readable<T>(
  leftOut: LeftOut,
  name: Buffer | string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (isGone(error)) return undefined;
    if (!entryErrors.has(code)) throw error;
    leftOut.add(name, code);
    return undefined;
  }
}
