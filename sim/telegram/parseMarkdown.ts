import { badRequest } from "./apiFailure.js";

const RESERVED = "_*[]()~`>#+-=|{}.!";
/** MarkdownV2 marks, longest first, with the name the error text uses. */
const MARKS = [
  ["```", "Pre"],
  ["__", "Underline"],
  ["||", "Spoiler"],
  ["`", "Code"],
  ["_", "Italic"],
  ["*", "Bold"],
  ["~", "Strikethrough"],
] as const;

function fail(reason: string): never {
  throw badRequest(`can't parse entities: ${reason}`);
}

function bytesBefore(source: string, index: number): number {
  return Buffer.byteLength(source.slice(0, index));
}

/**
 * What the user sees of a text sent with `parse_mode: "MarkdownV2"`.
 * @throws ApiFailure 400 for unescaped reserved characters and unfinished entities.
 */
export function parseMarkdownV2(source: string): string {
  const open: { mark: string; name: string; at: number }[] = [];
  let shown = "";
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    const top = open.at(-1);
    const inCode = top?.mark === "`" || top?.mark === "```";
    if (char === "\\" && at + 1 < source.length && source.charCodeAt(at + 1) <= 126) {
      shown += source.charAt(at + 1);
      at += 2;
    } else if (!RESERVED.includes(char) || (inCode && char !== "`")) {
      shown += char;
      at += 1;
    } else if (top && source.startsWith(top.mark, at) && !(top.mark === "_" && source.startsWith("__", at))) {
      open.pop();
      at += top.mark.length;
      if (top.mark === "]") at = skipLinkTarget(source, at);
    } else {
      const mark = MARKS.find(([text]) => source.startsWith(text, at));
      const isImage = source.startsWith("![", at);
      if (mark) {
        open.push({ mark: mark[0], name: mark[1], at });
        at += mark[0].length;
      } else if (char === "[" || isImage) {
        open.push({ mark: "]", name: isImage ? "CustomEmoji" : "TextUrl", at });
        at += isImage ? 2 : 1;
      } else if (char === ">" && (at === 0 || source.charAt(at - 1) === "\n")) {
        at += 1;
      } else {
        fail(`Character '${char}' is reserved and must be escaped with the preceding '\\'`);
      }
    }
  }
  const unfinished = open.at(-1);
  if (unfinished)
    fail(`Can't find end of ${unfinished.name} entity at byte offset ${bytesBefore(source, unfinished.at)}`);
  return shown;
}

function skipLinkTarget(source: string, at: number): number {
  if (source.charAt(at) !== "(") return at;
  for (let index = at + 1; index < source.length; index += 1) {
    if (source.charAt(index) === "\\") index += 1;
    else if (source.charAt(index) === ")") return index + 1;
  }
  return fail(`Can't find end of a URL at byte offset ${bytesBefore(source, at)}`);
}

/**
 * What the user sees of a text sent with the legacy `parse_mode: "Markdown"`.
 * @throws ApiFailure 400 for an entity without an end.
 */
export function parseLegacyMarkdown(source: string): string {
  let shown = "";
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === "\\" && "_*`[".includes(source.charAt(at + 1) || " ")) {
      shown += source.charAt(at + 1);
      at += 2;
    } else if (!"_*`[".includes(char)) {
      shown += char;
      at += 1;
    } else {
      const mark = source.startsWith("```", at) ? "```" : char;
      const close = mark === "[" ? "]" : mark;
      const end = source.indexOf(close, at + mark.length);
      if (end < 0) fail(`Can't find end of the entity starting at byte offset ${bytesBefore(source, at)}`);
      shown += source.slice(at + mark.length, end);
      at = end + close.length;
      if (mark === "[") at = skipLinkTarget(source, at);
    }
  }
  return shown;
}
