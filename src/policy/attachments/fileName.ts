/** A foreign file name as a plain name: no path, no control characters, nothing hidden, bounded. */
import { cutText } from "../text/cut.js";

const MAX_CHARS = 120;
/** File systems take 255, and whoever writes the file puts a number in front. */
const MAX_BYTES = 240;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** Blank names become `file`. The extension survives the cut. */
export function safeFileName(name: string): string {
  const plain = name
    // Everything before the last separator is a path; bidirectional marks can make an extension look like another.
    .replace(/^.*[/\\]/s, "")
    // eslint-disable-next-line no-control-regex -- control characters are what is removed
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  if (plain === "") return "file";
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(plain)?.[0] ?? "";
  let stem = cutText(plain.slice(0, plain.length - extension.length), MAX_CHARS - extension.length);
  while (bytesOf(stem + extension) > MAX_BYTES) stem = cutText(stem, stem.length - 1);
  return `${stem}${extension}`;
}
