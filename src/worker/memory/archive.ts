/** The archive: a gzipped tar of plain files and directories, relative to the data directory. Nothing else goes in or out. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import * as tar from "tar";
import { isForeign } from "./disk.js";
import { MemoryError, systemCode } from "./memoryError.js";
import type { Place } from "./place.js";

/** More than a workspace has; an archive beyond it is hostile or broken. */
const maxEntries = 200_000;
/** Files of zeros pack a thousandfold, so the ratio says nothing; the unpacked size is what is bounded. */
const anyRatio = Infinity;

export interface Packed {
  file: string;
  /** Hexadecimal. */
  sha256: string;
  sizeBytes: number;
  /** Links, sockets and the like, which an archive does not hold. */
  skipped: number;
}

/** Two names of one file are archived as two files: a restore refuses links. */
class NoLinks extends Map<`${number}:${number}`, string> {
  override get(): undefined {
    return undefined;
  }
}

/**
 * Writes the memory of `place` to `file` and reads it once, so that nothing is saved which a restore would refuse. Rejects
 * with a {@link MemoryError}, also when a file changes while it is read.
 */
export async function pack(place: Place, file: string, maxUnpackedBytes: number): Promise<Packed> {
  let skipped = 0;
  const wanted = (name: string, stat: object): boolean => {
    const relative = normal(name);
    if (isForeign(relative) || place.machineFiles.includes(relative)) return false;
    const plain = "isFile" in stat && (stat as { isFile(): boolean; isDirectory(): boolean });
    if (plain && (plain.isFile() || plain.isDirectory())) return true;
    skipped += 1;
    return false;
  };
  try {
    for (const entry of place.entries ?? []) await mkdir(path.join(place.root, entry), { recursive: true });
    await tar.create(
      {
        file,
        cwd: place.root,
        gzip: true,
        portable: true,
        strict: true,
        linkCache: new NoLinks(),
        filter: wanted,
      },
      // The prefix keeps a name that starts with "@" from being taken for an archive.
      place.entries === null ? ["."] : place.entries.map((entry) => `./${entry}`),
    );
    await judge(place, file, maxUnpackedBytes);
    return { file, ...(await measure(file)), skipped };
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof MemoryError) throw error;
    throw new MemoryError("unavailable", `the data directory could not be archived (${systemCode(error)})`, {
      cause: error,
    });
  }
}

/** Size and SHA-256 of a file. */
export async function measure(file: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

/**
 * Unpacks `file` into the empty directory `into`. The whole archive is read and judged first, so nothing of a bad one is
 * written. Rejects with a {@link MemoryError} `damaged` or `too_large`.
 */
export async function unpack(
  place: Place,
  file: string,
  into: string,
  maxUnpackedBytes: number,
): Promise<void> {
  try {
    await judge(place, file, maxUnpackedBytes);
    await tar.extract({
      file,
      cwd: into,
      strict: true,
      preserveOwner: false,
      maxDecompressionRatio: anyRatio,
    });
  } catch (error) {
    if (error instanceof MemoryError) throw error;
    throw new MemoryError("damaged", `the archive is damaged (${systemCode(error)})`, { cause: error });
  }
}

/** Reads the whole archive; rejects with what is wrong first. */
async function judge(place: Place, file: string, maxUnpackedBytes: number): Promise<void> {
  const problems: MemoryError[] = [];
  let entries = 0;
  let bytes = 0;
  try {
    await tar.list({
      file,
      strict: true,
      maxDecompressionRatio: anyRatio,
      onReadEntry: (entry) => {
        entries += 1;
        bytes += entry.size;
        const fault = faultOf(place, entry.path, entry.type);
        if (fault !== null) problems.push(fault);
        if (entries > maxEntries || bytes > maxUnpackedBytes)
          problems.push(new MemoryError("too_large", "the archive unpacks to more than is allowed"));
      },
    });
  } catch (error) {
    throw new MemoryError("damaged", `the archive is damaged (${systemCode(error)})`, { cause: error });
  }
  const [first] = problems;
  if (first !== undefined) throw first;
}

function faultOf(place: Place, name: string, type: string): MemoryError | null {
  if (type !== "File" && type !== "OldFile" && type !== "Directory")
    return new MemoryError("damaged", `the archive holds an entry of type ${type}`);
  const segments = normal(name).split("/");
  const escapes = path.posix.isAbsolute(name) || /^[a-zA-Z]:|\\|\0/.test(name) || segments.includes("..");
  if (escapes) return new MemoryError("damaged", "the archive holds a path outside the data directory");
  const first = segments[0] ?? "";
  if (first === ".") return null;
  const known = !isForeign(first) && (place.entries?.includes(first) ?? true);
  return known ? null : new MemoryError("damaged", "the archive holds a path that is no part of the memory");
}

/** Without `./` in front and `/` behind; the root itself is `.`. */
const normal = (name: string): string => {
  const trimmed = name.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  return trimmed === "" ? "." : trimmed;
};
