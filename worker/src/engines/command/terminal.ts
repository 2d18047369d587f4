/** What a program wrote for a terminal, as the text that a reader would see there. */
import { wellFormed } from "../../../../src/policy/text/cut.js";

/* eslint-disable no-control-regex -- control characters are what this is about */
/**
 * Titles, links, clipboard (OSC) and other strings for the terminal itself, up to their end, that of the line, or what breaks
 * them off. No pattern here may look at a character more than a few times, whatever a program writes.
 */
const strings =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?/g;
/** Colours and movements (CSI), then every other escape. */
const controls = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g;
const escapes = /\u001b[ -/]*[0-~]?/g;
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/* eslint-enable no-control-regex */
const takesTwoCells =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]$/u;
const takesNone = /^[\p{M}\u200b-\u200d]$/u;

/** Without terminal codes and control characters; of a line that was written over, the last state. Well-formed. */
export function plainText(written: string): string {
  const lines = written
    .replace(strings, "")
    .replace(controls, "")
    .replace(escapes, "")
    .split("\n")
    .map((line) => struckOver(line.split("\r").findLast((state) => state !== "") ?? ""));
  return wellFormed(lines.join("\n").replace(invisible, ""));
}

/** What a backspace goes back over is replaced by what comes next: counters, spinners, words made bold by typing them twice. */
function struckOver(line: string): string {
  if (!line.includes("\b")) return line;
  const cells: string[] = [];
  let at = 0;
  for (const char of line) {
    if (char === "\b") at = Math.max(0, at - 1);
    else if (at > 0 && takesNone.test(char)) cells[at - 1] += char;
    else {
      cells[at++] = char;
      if (takesTwoCells.test(char)) cells[at++] = "";
    }
  }
  return cells.join("");
}
