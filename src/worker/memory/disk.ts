/**
 * The data directory as the worker sees it: a marker that says whose memory it holds, and a swap of its whole content that
 * survives a crash at any point. What comes in is complete in `incoming/` before anything is moved, and a journal says how
 * far the moving got; `open` finishes what it finds.
 */
import { cp, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { privateDir, type Place } from "./place.js";

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
    return path.join(this.place.root, privateDir, name);
  }

  /** Makes the directories, ends an interrupted swap, drops what was left half done. */
  async open(): Promise<void> {
    await mkdir(this.file(""), { recursive: true, mode: 0o700 });
    const journal = journalSchema
      .nullable()
      .catch(null)
      .parse(await readJson(this.file("swap.json")));
    if (journal !== null) await this.moveOver(journal);
    for (const left of ["incoming", "outgoing", "archive.tgz"])
      await rm(this.file(left), { recursive: true, force: true });
    // An unreadable marker is no marker: the newest snapshot decides.
    this.current = markerSchema
      .nullable()
      .catch(null)
      .parse(await readJson(this.file("marker.json")));
    for (const entry of this.place.entries ?? [])
      await mkdir(path.join(this.place.root, entry), { recursive: true });
  }

  /** Durable when it resolves. */
  async mark(marker: Marker): Promise<void> {
    await writeJson(this.file("marker.json"), marker);
    this.current = marker;
  }

  /** An empty directory to fill; `swapIn` makes it the content. */
  async newIncoming(): Promise<string> {
    const incoming = this.file("incoming");
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { mode: 0o700 });
    return incoming;
  }

  /** Replaces all memory by what `incoming/` holds; `marker` null: the disk is nobody's then. */
  async swapIn(marker: Marker | null): Promise<void> {
    for (const entry of this.place.entries ?? [])
      await mkdir(path.join(this.file("incoming"), entry), { recursive: true });
    for (const file of this.place.machineFiles) await this.carryOver(file);
    await this.moveOver({ phase: "clear", marker });
  }

  /** The machine's own files stay where they are, whatever the memory is. */
  private async carryOver(file: string): Promise<void> {
    const target = path.join(this.file("incoming"), file);
    await rm(target, { force: true });
    await cp(path.join(this.place.root, file), target, { recursive: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      },
    );
  }

  private async moveOver({ phase, marker }: Journal): Promise<void> {
    const { root } = this.place;
    if (phase === "clear") {
      await writeJson(this.file("swap.json"), { phase: "clear", marker });
      for (const entry of await this.present()) await this.moveOut(entry);
      await writeJson(this.file("swap.json"), { phase: "fill", marker });
    }
    for (const entry of await namesIn(this.file("incoming"))) {
      // A program that runs on may have made it anew meanwhile.
      await this.moveOut(entry);
      await rename(this.file(path.join("incoming", entry)), path.join(root, entry));
    }
    if (marker === null) await rm(this.file("marker.json"), { force: true });
    else await writeJson(this.file("marker.json"), marker);
    this.current = marker;
    await rm(this.file("swap.json"), { force: true });
    for (const done of ["incoming", "outgoing"]) await rm(this.file(done), { recursive: true, force: true });
  }

  private async moveOut(entry: string): Promise<void> {
    await mkdir(this.file("outgoing"), { recursive: true, mode: 0o700 });
    const target = this.file(path.join("outgoing", entry));
    await rm(target, { recursive: true, force: true });
    await rename(path.join(this.place.root, entry), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }

  private async present(): Promise<string[]> {
    const { root, entries } = this.place;
    return (await namesIn(root)).filter((name) => !isForeign(name) && (entries?.includes(name) ?? true));
  }
}

/** Ours, or the file system's own. */
export const isForeign = (name: string): boolean => name === privateDir || name === "lost+found";

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Complete or not at all: written beside, flushed, renamed. */
async function writeJson(file: string, value: unknown): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify(value));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
