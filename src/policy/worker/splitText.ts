/**
 * Cuts a long answer into messages. The cut must be the same on every worker and every attempt: an interrupted
 * reply is resumed by the number of its next part.
 */

import { boundaryBefore } from "../text/cut.js";

/**
 * Splits `text` into parts of at most `maxUnits` UTF-16 code units. It prefers the border of a paragraph, then of a
 * line, then of a word, as long as the part stays at least half full; a longer word is cut, never inside a grapheme
 * cluster. Only whitespace at a border is dropped; no part is blank; a blank text has no parts.
 */
export function splitText(text: string, maxUnits: number): string[] {
  if (!Number.isInteger(maxUnits) || maxUnits < 2)
    throw new RangeError("maxUnits must be an integer of at least 2");
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > maxUnits) {
    const cut = cutPosition(rest, maxUnits);
    parts.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  if (rest.length > 0) parts.push(rest);
  return parts;
}

function cutPosition(text: string, maxUnits: number): number {
  const least = Math.ceil(maxUnits / 2);
  const paragraph = text.lastIndexOf("\n\n", maxUnits);
  if (paragraph >= least) return paragraph;
  const line = text.lastIndexOf("\n", maxUnits);
  if (line >= least) return line;
  for (let index = maxUnits; index >= least; index -= 1) {
    if (/\s/u.test(text.charAt(index))) return index;
  }
  return boundaryBefore(text, maxUnits);
}
