import { chmod, rename } from "node:fs/promises";
import { factsAt, loosen, rawPath, type RawPath } from "./rawPath.js";

/** Renames; also a directory that may not be changed, which cannot be moved to another one as it is. */
export async function moveEntry(from: RawPath | string, to: RawPath | string): Promise<void> {
  const facts = await factsAt(from);
  if (facts !== null) await loosen(typeof from === "string" ? rawPath(from) : from, facts);
  await rename(from, to);
  if (facts?.isDirectory()) await chmod(to, facts.mode & 0o7777).catch(() => undefined);
}
