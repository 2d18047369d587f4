/** The archive: a gzipped tar of plain files and directories, relative to the data directory. Nothing else goes in or out. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import * as tar from "tar";
import { removeTree } from "../files/removeTree.js";
import { ensureDirectory, isForeign } from "./disk.js";
import { LeftOut } from "./leftOut.js";
import { MemoryError, systemCode } from "./memoryError.js";
import type { Place } from "./place.js";
import { readable, walk, type Found } from "./walk.js";

/** More than a workspace has; an archive beyond it is hostile or broken. */
const MAX_ENTRIES = 200_000;
/** Files of zeros pack a thousandfold, so the ratio says nothing; the unpacked size is what is bounded. */
const anyRatio = Infinity;
/** Of a tar archive: everything is a multiple of it, and two empty blocks are its end. */
const BLOCK_BYTES = 512;
const CHUNK_BYTES = 256 * 1024;
/** Of a mode, what a restore gives back; a program that takes its owner's rights does not come back as one. */
const PERMISSIONS = 0o777;

export interface Packed {
  file: string;
  /** Hexadecimal. */
  sha256: string;
  sizeBytes: number;
  leftOut: LeftOut;
}

/**
 * Writes the memory of `place` to `file` and reads it once, so that nothing is saved which a restore would refuse. What an
 * archive does not hold (links, sockets) and what cannot be read is left out. Rejects with a {@link MemoryError} when there
 * is too much, the root cannot be read, or the machine fails.
 */
export async function pack(place: Place, file: string, maxUnpackedBytes: number): Promise<Packed> {
  const leftOut = new LeftOut();
  try {
    for (const entry of place.entries ?? []) await ensureDirectory(path.join(place.root, entry));
    await pipeline(
      tarOf(walk(place, leftOut), maxUnpackedBytes, leftOut),
      createGzip(),
      createWriteStream(file, { mode: 0o600 }),
    );
    await judge(place, file, maxUnpackedBytes);
    return { file, ...(await measure(file)), leftOut };
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof MemoryError) throw error;
    throw new MemoryError("unavailable", `the data directory could not be archived (${systemCode(error)})`, {
      cause: error,
    });
  }
}

/** The tar of what was found; what it cannot hold is added to `leftOut`. Rejects with a {@link MemoryError} `too_large`. */
export async function* tarOf(
  found: AsyncIterable<Found>,
  maxUnpackedBytes: number,
  leftOut: LeftOut,
): AsyncGenerator<Buffer> {
  let entries = 1;
  let bytes = 0;
  yield headerOf({ path: "./", type: "Directory", mode: 0o755, size: 0 }) ?? Buffer.alloc(0);
  for await (const entry of found) {
    const isFile = entry.kind === "file";
    const size = isFile ? entry.facts.size : 0;
    if (size > maxUnpackedBytes) {
      leftOut.add(entry.name, "too_large");
      continue;
    }
    const header = headerOf({
      // The prefix keeps a name that starts with "@" or "-" from meaning something.
      path: `./${entry.name}${isFile ? "" : "/"}`,
      type: isFile ? "File" : "Directory",
      mode: entry.facts.mode & PERMISSIONS,
      size,
      mtime: entry.facts.mtime,
    });
    if (header === null) {
      leftOut.add(entry.name, "name");
      continue;
    }
    entries += 1;
    bytes += size;
    if (entries > MAX_ENTRIES || bytes > maxUnpackedBytes) throw tooMuch();
    yield header;
    if (isFile) yield* contentOf(entry, size, leftOut);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

/** Null for a name that `tar` writes but does not read again: a line end in a name that needs the extended form. */
function headerOf(facts: tar.HeaderData): Buffer | null {
  const header = new tar.Header(facts);
  const needsExtended = header.encode();
  if (header.block === undefined) return null;
  if (!needsExtended) return header.block;
  if (facts.path?.includes("\n")) return null;
  const { path: name = "", size, mtime } = facts;
  return Buffer.concat([new tar.Pax({ path: name, size, mtime }).encode(), header.block]);
}

/** As many bytes as the header says: what was added since is not part of it, for what was cut off stand zeros. */
async function* contentOf(
  { name, handle }: Found & { kind: "file" },
  size: number,
  leftOut: LeftOut,
): AsyncGenerator<Buffer> {
  let position = 0;
  while (position < size) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
    const read = await readable(leftOut, name, () => handle.read(chunk, 0, chunk.length, position));
    if (read?.bytesRead === 0) leftOut.add(name, "changed");
    if (read === undefined || read.bytesRead === 0) break;
    position += read.bytesRead;
    yield chunk.subarray(0, read.bytesRead);
  }
  const end = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  for (; position < end; position += CHUNK_BYTES) yield Buffer.alloc(Math.min(CHUNK_BYTES, end - position));
}

const tooMuch = (): MemoryError =>
  new MemoryError("too_large", "the archive unpacks to more than is allowed");

/** Size and SHA-256 of a file. */
async function measure(file: string): Promise<{ sha256: string; sizeBytes: number }> {
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
 * written. Rejects with a {@link MemoryError} `damaged` or `too_large`, or `unavailable` when the disk fails; then what was
 * written of it is removed, because it may be what filled the disk.
 */
export async function unpack(
  place: Place,
  file: string,
  into: string,
  maxUnpackedBytes: number,
): Promise<void> {
  await judge(place, file, maxUnpackedBytes);
  try {
    const modes: { name: string; mode: number }[] = [];
    await tar.extract({
      file,
      cwd: into,
      strict: true,
      preserveOwner: false,
      maxDecompressionRatio: anyRatio,
      onReadEntry: ({ path: name, mode }) => {
        if (mode !== undefined && normal(name) !== ".") modes.push({ name, mode: mode & PERMISSIONS });
      },
    });
    // Last, and from the inside out: nothing could be written into a directory that may not be changed.
    for (const { name, mode } of modes.reverse()) await chmod(path.join(into, name), mode);
  } catch (error) {
    await removeTree(into).catch(() => undefined);
    const why = `the archive could not be unpacked (${systemCode(error)})`;
    throw new MemoryError("unavailable", why, { cause: error });
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
        if (entries > MAX_ENTRIES || bytes > maxUnpackedBytes) problems.push(tooMuch());
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
  // A backslash is a letter here and a separator elsewhere: a name with one is fine, a way out is not.
  const segments = normal(name).split("/");
  const steps = name.split(/[\\/]/);
  const escapes = /^[\\/]|^[a-zA-Z]:|\0/.test(name) || steps.includes("..");
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
