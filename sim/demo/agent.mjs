/**
 * The demo's agent, run by ENGINE=command: the prompt comes on stdin, the answer goes to stdout. On its first message it
 * writes a random note into its data directory and does not say it; asked for it, it reads it from there.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** Long enough to be found in mid-message on a slow machine. */
const THINKING_MS = 250;

const prompt = readFileSync(0, "utf8");
// With a history the prompt is a transcript, whose last turn is the user's.
const text = (prompt.split("\n\nuser: ").at(-1) ?? "").trim();
const file = join(process.env.DATA_DIR ?? ".", "note.json");

if (!existsSync(file)) {
  writeFileSync(file, JSON.stringify({ note: randomBytes(8).toString("hex"), since: text }));
}
await sleep(THINKING_MS);
const answer = [`answer to: ${text}`];
if (text.includes("what is your note?")) {
  answer.push(`my note: ${JSON.parse(readFileSync(file, "utf8")).note}`);
}
process.stdout.write(answer.join("\n"));
