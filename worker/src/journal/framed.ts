/**
 * The layout of an append-only file: one record a line, `<checksum> <JSON>\n`. The checksum is the first 16 hexadecimal
 * digits of the JSON's SHA-256. A line that the power cut short is the last one; anything else that does not fit is damage.
 */
import { createHash } from "node:crypto";
import { parseJson } from "../../../src/policy/text/parseJson.js";

const CHECKSUM_DIGITS = 16;

const checksum = (json: string): string =>
  createHash("sha256").update(json).digest("hex").slice(0, CHECKSUM_DIGITS);

/** One line, its newline included. */
export function frame(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

export interface Unframed {
  records: unknown[];
  /** The file ends in the middle of a record: its writer was stopped there, and nobody was told that it was written. */
  truncated: boolean;
  /** Lines (from 1) in the middle of the file that are no records. */
  damagedLines: number[];
}

/** Reads what can be read. */
export function unframe(content: string): Unframed {
  const result: Unframed = { records: [], truncated: false, damagedLines: [] };
  const lines = content.split("\n");
  const tail = lines.pop() ?? "";
  for (const [index, line] of lines.entries()) {
    const record = readLine(line);
    if (record === undefined) result.damagedLines.push(index + 1);
    else result.records.push(record);
  }
  // A record without its newline is complete when its checksum says so.
  const last = readLine(tail);
  if (last !== undefined) result.records.push(last);
  else result.truncated = tail !== "";
  return result;
}

function readLine(line: string): unknown {
  const json = line.slice(CHECKSUM_DIGITS + 1);
  if (line[CHECKSUM_DIGITS] !== " " || line.slice(0, CHECKSUM_DIGITS) !== checksum(json)) return undefined;
  return parseJson(json);
}
