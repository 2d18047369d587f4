import { badRequest } from "./apiFailure.js";

const TAGS = new Set(
  "a b strong i em u ins s strike del code pre blockquote span tg-spoiler tg-emoji".split(" "),
);
const NAMED = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
]);

/**
 * What the user sees of a text sent with `parse_mode: "HTML"`.
 * @throws ApiFailure 400 `can't parse entities: ...` as the real service words it, offsets in bytes.
 */
export function parseHtml(source: string): string {
  const fail = (reason: string) => badRequest(`can't parse entities: ${reason}`);
  const bytesBefore = (index: number) => Buffer.byteLength(source.slice(0, index));
  const open: string[] = [];
  let shown = "";
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === "&") {
      const entity = decodeEntity(source.slice(at, at + 12));
      shown += entity?.char ?? "&";
      at += entity?.length ?? 1;
    } else if (char !== "<") {
      shown += char;
      at += 1;
    } else {
      const end = source.indexOf(">", at);
      const offset = bytesBefore(at);
      if (source.charAt(at + 1) === "/") {
        const expected = open.pop();
        if (expected === undefined) throw fail(`Unexpected end tag at byte offset ${offset}`);
        if (end < 0) throw fail(`Unclosed end tag at byte offset ${offset}`);
        const found = source
          .slice(at + 2, end)
          .trim()
          .toLowerCase();
        // `</>` closes whatever is open, as on the real service.
        if (found !== "" && found !== expected) {
          throw fail(
            `Unmatched end tag at byte offset ${offset}, expected "</${expected}>", found "</${found}>"`,
          );
        }
      } else {
        const name = (/^[^\s>]*/.exec(source.slice(at + 1))?.[0] ?? "").toLowerCase();
        if (!TAGS.has(name)) throw fail(`Unsupported start tag "${name}" at byte offset ${offset}`);
        if (end < 0) throw fail(`Unclosed start tag at byte offset ${offset}`);
        if (name === "span" && !/class\s*=\s*["']?tg-spoiler["']?/i.test(source.slice(at, end))) {
          throw fail(`Tag "span" must have class "tg-spoiler" at byte offset ${offset}`);
        }
        open.push(name);
      }
      at = end + 1;
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) throw fail(`Can't find end tag corresponding to start tag "${unclosed}"`);
  return shown;
}

function decodeEntity(text: string): { char: string; length: number } | undefined {
  const match = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));?/i.exec(text);
  if (!match) return undefined;
  const [whole, decimal, hex, name] = match;
  const code = decimal ? Number(decimal) : hex ? parseInt(hex, 16) : undefined;
  const char = code === undefined ? NAMED.get(name ?? "") : codePoint(code);
  return char === undefined ? undefined : { char, length: whole.length };
}

function codePoint(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
