/**
 * The data directory as the worker sees it: a marker that says whose memory it holds, and a swap of its whole content that
 * survives a crash at any point. What comes in is complete in `incoming/` before anything is moved, and a journal says how
 * far the moving got; `open` finishes what it finds.
 */
import { randomUUID } from "node:crypto";
import { chmod, cp, mkdir, open, rename, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { moveEntry } from "../files/moveEntry.js";
import { readRegularFile } from "../files/openRegular.js";
import { codeOf, factsAt, inside, isGone, loosen, namesIn, rawPath, type RawPath } from "../files/rawPath.js";
import { removeTree } from "../files/removeTree.js";
import { PRIVATE_DIR, type Place } from "./place.js";

const markerSchema = z.object({
  workspaceId: z.string(),
  agentKey: z.string(),
  conversationId: z.string(),
  /** The ownership under which the disk is used. */
  generation: z.number(),
  /** The snapshot that it was restored from or saved as last, and that one's generation. */
  snapshotId: z.string().nullable(),
  snapshotGeneration: z.number().nullable(),
  /** Epoch ms of that snapshot. */
  savedAt: z.number().nullable(),
  /** Engine runs started since; more than 0: the disk holds memory that no snapshot has. */
  turns: z.number(),
  versions: z.record(z.string(), z.string()),
});
/** Whose memory the disk holds, and how much of it is saved. */
export type Marker = z.infer<typeof markerSchema>;

const journalSchema = z.object({ phase: z.enum(["clear", "fill"]), marker: markerSchema.nullable() });
type Journal = z.infer<typeof journalSchema>;

/** Rejects with the system's error where the disk cannot be used. */
export class Disk {
  private current: Marker | null = null;

  constructor(readonly place: Place) {}

  get marker(): Marker | null {
    return this.current;
  }
  /** Where an archive on its way is kept; not part of the memory. */
  file(name: string): string {
    return path.join(this.place.root, PRIVATE_DIR, name);
  }

  /** Where the archive on its way lies; no longer than it is needed, as it takes room from the agent. */
  get archive(): string {
    return this.file("archive.tgz");
  }
  async dropArchive(): Promise<void> {
    await removeTree(this.archive).catch(() => undefined);
  }

  /** Makes the directories, ends an interrupted swap, drops what was left half done. */
  async open(): Promise<void> {
    await mkdir(this.place.root, { recursive: true });
    await ensureDirectory(this.place.root);
    await ensureDirectory(this.file(""), 0o700);
    const journal = journalSchema
      .nullable()
      .catch(null)
      .parse(await readJson(this.file("swap.json")));
    if (journal !== null) await this.moveOver(journal);
    for (const left of ["incoming", "archive.tgz"]) await removeTree(this.file(left));
    await this.dropOutgoing();
    // An unreadable marker is no marker: the newest snapshot decides.
    this.current = markerSchema
      .nullable()
      .catch(null)
      .parse(await readJson(this.file("marker.json")));
    for (const entry of this.place.entries ?? []) await ensureDirectory(path.join(this.place.root, entry));
  }

  /** Durable when it resolves. */
  async mark(marker: Marker): Promise<void> {
    await writeJson(this.file("marker.json"), marker);
    this.current = marker;
  }

  /** An empty directory to fill; `swapIn` makes it the content. */
  async newIncoming(): Promise<string> {
    const incoming = this.file("incoming");
    await removeTree(incoming);
    await mkdir(incoming, { mode: 0o700 });
    return incoming;
  }

  /** Replaces all memory by what `incoming/` holds; `marker` null: the disk is nobody's then. */
  async swapIn(marker: Marker | null): Promise<void> {
    for (const entry of this.place.entries ?? [])
      await ensureDirectory(path.join(this.file("incoming"), entry));
    for (const file of this.place.machineFiles) await this.carryOver(file);
    await this.moveOver({ phase: "clear", marker });
  }

  /** The machine's own files stay where they are, whatever the memory is. */
  private async carryOver(file: string): Promise<void> {
    const incoming = this.file("incoming");
    await loosenWay(incoming, file);
    await loosenWay(this.place.root, file);
    await removeTree(path.join(incoming, file));
    await cp(path.join(this.place.root, file), path.join(incoming, file), { recursive: true }).catch(
      (error: unknown) => {
        if (!isGone(error)) throw error;
      },
    );
  }

  private async moveOver({ phase, marker }: Journal): Promise<void> {
    if (phase === "clear") {
      await writeJson(this.file("swap.json"), { phase: "clear", marker });
      for (const entry of await this.present()) await this.moveOut(entry);
      await writeJson(this.file("swap.json"), { phase: "fill", marker });
    }
    const incoming = rawPath(this.file("incoming"));
    for (const entry of await namesOrNone(incoming)) {
      // A program that runs on may have made it anew meanwhile.
      await this.moveOut(entry);
      await moveEntry(inside(incoming, entry), inside(rawPath(this.place.root), entry));
    }
    if (marker === null) await removeTree(this.file("marker.json"));
    else await writeJson(this.file("marker.json"), marker);
    this.current = marker;
    await removeTree(this.file("swap.json"));
    await removeTree(this.file("incoming"));
    await this.dropOutgoing();
  }

  private async moveOut(entry: Buffer): Promise<void> {
    await ensureDirectory(this.file("outgoing"), 0o700);
    // A name of its own: what an earlier swap left there may be impossible to remove.
    const target = inside(rawPath(this.file("outgoing")), randomUUID());
    await moveEntry(inside(rawPath(this.place.root), entry), target).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }

  /** What belongs to another user stays there: it is out of the way, and no reason not to use the disk. */
  private async dropOutgoing(): Promise<void> {
    await removeTree(this.file("outgoing")).catch((error: unknown) => {
      if (!["EACCES", "EPERM"].includes(codeOf(error) ?? "")) throw error;
    });
  }

  private async present(): Promise<Buffer[]> {
    const { root, entries } = this.place;
    return (await namesOrNone(rawPath(root))).filter((raw) => {
      const name = raw.toString("utf8");
      return !isForeign(name) && (entries?.includes(name) ?? true);
    });
  }
}

/** Ours, or the file system's own. */
export const isForeign = (name: string): boolean => name === PRIVATE_DIR || name === "lost+found";

/**
 * A directory that its owner can use; what else stood there (a file, a link that leads nowhere) is removed. A link to a
 * directory is left: an operator has put it there.
 */
export async function ensureDirectory(directory: string, mode = 0o777): Promise<void> {
  const facts = await factsAt(directory);
  if (facts?.isDirectory()) return await loosen(rawPath(directory), facts);
  // Below a link nothing is made or removed.
  if (facts !== null && !(facts.isSymbolicLink() && (await leadsSomewhere(directory))))
    await removeTree(directory);
  await mkdir(directory, { recursive: true, mode });
}

const leadsSomewhere = (link: string): Promise<boolean> =>
  stat(link).then(
    (facts) => facts.isDirectory(),
    () => false,
  );

/** The directories on the way from `root` to `file`. */
async function loosenWay(root: string, file: string): Promise<void> {
  let at = root;
  for (const segment of file.split("/").slice(0, -1)) {
    at = path.join(at, segment);
    const facts = await factsAt(at);
    if (facts === null) return;
    await loosen(rawPath(at), facts);
  }
}

async function namesOrNone(directory: RawPath): Promise<Buffer[]> {
  try {
    return await namesIn(directory);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Large enough for a marker; what is larger is none. */
const MAX_JSON_BYTES = 1024 * 1024;
/** What an agent can make of our files. A disk that fails (`EIO`) is not among them. */
const unreadable = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENXIO", "EACCES"]);

async function readJson(file: string): Promise<unknown> {
  try {
    const facts = await factsAt(file);
    if (facts?.isFile()) await chmod(file, 0o600).catch(() => undefined);
    const bytes = await readRegularFile(file, MAX_JSON_BYTES);
    return bytes === null ? null : (JSON.parse(bytes.toString("utf8")) as unknown);
  } catch (error) {
    if (error instanceof SyntaxError || unreadable.has(codeOf(error) ?? "")) return null;
    throw error;
  }
}

/** Complete or not at all: written beside, flushed, renamed. */
async function writeJson(file: string, value: unknown): Promise<void> {
  const beside = `${file}.new`;
  await removeTree(beside);
  if ((await factsAt(file))?.isDirectory()) await removeTree(file);
  const handle = await open(beside, "wx", 0o600);
  try {
    await handle.writeFile(JSON.stringify(value));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
