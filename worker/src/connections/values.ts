/** Reads the values of a connection from what an operator pipes in. */
import { passedEnv } from "../engines/program.js";

const variableName = /^[A-Z][A-Z0-9_]{0,63}$/;
const MAX_VARIABLES = 32;
const MAX_VALUE_UNITS = 32 * 1024;
/** What the program's own environment is made of; a connection is an addition to it. */
const taken: ReadonlySet<string> = new Set([...passedEnv, "DATA_DIR"]);
/** They change how programs are loaded, and are no credentials. */
const loader =
  /^(LD_|DYLD_|NODE_OPTIONS$|NODE_PATH$|PYTHONPATH$|PYTHONSTARTUP$|BASH_ENV$|ENV$|IFS$|PERL5|RUBY(OPT|LIB)$|JAVA_TOOL_OPTIONS$|GIT_|AGENT_FACTORY_)/;

export type ReadValues = { ok: true; values: Record<string, string> } | { ok: false; problems: string[] };

/** A JSON object of strings, or `NAME=value` lines. No value appears in a problem. */
export function readValues(text: string): ReadValues {
  const entries = text.trim().startsWith("{") ? fromJson(text) : fromLines(text);
  if (entries === null)
    return { ok: false, problems: ["standard input must be a JSON object of strings, or NAME=value lines"] };
  const problems = entries.flatMap(([name, value]) => problemOf(name, value));
  const names = entries.map(([name]) => name);
  if (names.length === 0) problems.push("standard input holds no variable");
  if (names.length > MAX_VARIABLES) problems.push(`at most ${MAX_VARIABLES} variables`);
  if (new Set(names).size < names.length) problems.push("a variable is named twice");
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: Object.fromEntries(entries) };
}

function problemOf(name: string, value: string): string[] {
  if (!variableName.test(name)) return ["a name is not of capital letters, digits and underscores"];
  if (taken.has(name) || loader.test(name)) return [`${name} is not a connection's to set`];
  if (value === "" || value.length > MAX_VALUE_UNITS || value.includes("\0"))
    return [`${name} is empty, larger than ${MAX_VALUE_UNITS} characters, or holds a zero character`];
  return [];
}

function fromJson(text: string): [string, string][] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return null;
    const entries = Object.entries(parsed as Record<string, unknown>);
    return entries.every((entry): entry is [string, string] => typeof entry[1] === "string") ? entries : null;
  } catch {
    return null;
  }
}

function fromLines(text: string): [string, string][] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const entries = lines.map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, Math.max(at, 0)).trim(), line.slice(at + 1)];
  });
  return lines.every((line) => line.includes("=")) ? entries : null;
}
