/** What a program wrote for a terminal, as the text that a reader would see there. */
import { wellFormed } from "../../policy/text/cut.js";

/* eslint-disable no-control-regex -- control characters are what this is about */
/** Titles, links, clipboard (OSC) and other strings for the terminal itself, up to their end or that of the line. */
const strings =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c|(?=\n)|$)/g;
/** Colours and movements (CSI), then every other escape. */
const controls = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g;
const escapes = /\u001b[ -/]*[0-~]?/g;
/** Typed twice to be bold or underlined. */
const overstruck = /[^\n\b]\u0008/g;
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/* eslint-enable no-control-regex */

/** Without terminal codes and control characters; of a line that was written over, the last state. Well-formed. */
export function plainText(written: string): string {
  const lines = written
    .replace(strings, "")
    .replace(controls, "")
    .replace(escapes, "")
    .replace(overstruck, "")
    .split(/\r*\n/)
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "");
  return wellFormed(lines.join("\n").replace(invisible, ""));
}
