/** Paths as the system has them: bytes. A name that is no UTF-8 would not be found again by its text. */
import type { Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { wellFormed } from "../../../src/policy/text/cut.js";

export type RawPath = Buffer;

const separator = Buffer.from(path.sep);

export const rawPath = (text: string): RawPath => Buffer.from(text);

export const inside = (directory: RawPath, name: Buffer | string): RawPath =>
  Buffer.concat([directory, separator, typeof name === "string" ? Buffer.from(name) : name]);

/** The text of a name, or null when it is no UTF-8. */
export function nameText(name: Buffer): string | null {
  const text = name.toString("utf8");
  return name.equals(Buffer.from(text)) ? text : null;
}

/** For people: what is no UTF-8 shows as U+FFFD. */
export const shownName = (name: Buffer | string): string => wellFormed(name.toString("utf8"));

export const namesIn = (directory: RawPath): Promise<Buffer[]> => readdir(directory, { encoding: "buffer" });

/** What stands there, links not followed; null: nothing. */
export async function factsAt(place: RawPath | string): Promise<Stats | null> {
  try {
    return await lstat(place);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The system's code of an error, e.g. `EACCES`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

export const isGone = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "");

const OWNER_MAY = 0o700;

/** Lets the owner list, enter and change a directory again, where the owner is this process's user. */
export async function loosen(directory: RawPath, facts: Stats): Promise<void> {
  if (!facts.isDirectory() || (facts.mode & OWNER_MAY) === OWNER_MAY) return;
  await chmod(directory, (facts.mode & 0o7777) | OWNER_MAY).catch(() => undefined);
}
