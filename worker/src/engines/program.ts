/** The programs that an engine starts: how an operator names one, and what of the worker's environment any may see. */
import { text } from "../envShapes.js";

/** What a program needs to run at all; nothing that could be a credential. */
export const passedEnv = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "USER",
  "SHELL",
  "SYSTEMROOT",
] as const;

/** Program and arguments. */
export type Argv = [string, ...string[]];

/**
 * Reads a command line: a JSON array of strings, or simple words separated by spaces (no quoting: use the array).
 * Returns null when it is neither.
 */
export function parseCommand(line: string): Argv | null {
  const trimmed = line.trim();
  let words: unknown = trimmed.split(/\s+/);
  if (trimmed.startsWith("[")) {
    try {
      words = JSON.parse(trimmed);
    } catch {
      return null;
    }
  } else if (/["'`$|&;<>\\]/.test(trimmed)) {
    return null;
  }
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === "string")) return null;
  const [program, ...args] = words;
  return program === undefined || program === "" ? null : [program, ...args];
}

/** A variable that holds a command line. */
export const commandLine = text.refine(
  (value) => parseCommand(value) !== null,
  "must be a JSON array of strings or simple words without quoting",
);
