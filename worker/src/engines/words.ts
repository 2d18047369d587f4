/** What a server says went wrong, whatever shape it says it in. */
import { z } from "zod";
import { cutText } from "../../../src/policy/text/cut.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

const MAX_WORDS_UNITS = 300;
const MAX_DEPTH = 4;
/** Of a body that is no JSON: a page says what it is at its top, and patterns over a long one of `<` take minutes. */
const MAX_PAGE_UNITS = 4_000;
/** Where servers, gateways and frameworks put their words, the most telling first. */
const places = [
  "error",
  "message",
  "msg",
  "detail",
  "details",
  "error_description",
  "description",
  "errors",
  "reason",
  "title",
  "type",
  "code",
] as const;

const zThing = z.record(z.string(), z.unknown());
export const asThing = (value: unknown): Record<string, unknown> => zThing.catch({}).parse(value);

/** The words in an answer's body: of an error object of any shape, of a page, or the text as it is. Bounded, on one line. */
export function wordsOf(body: string): string {
  const parsed = parseJson(body);
  const words = parsed === undefined ? textOf(body) : wordsIn(parsed, MAX_DEPTH);
  const line = words.replace(/\s+/g, " ").trim();
  return line === "" ? "no error message" : cutText(line, MAX_WORDS_UNITS);
}

/** The words in a parsed error. */
export const wordsOfThing = (thing: unknown): string => wordsOf(JSON.stringify(thing) ?? "");

function wordsIn(value: unknown, depth: number): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (depth === 0 || typeof value !== "object" || value === null) return "";
  if (Array.isArray(value)) return value.length === 0 ? "" : wordsIn(value[0], depth - 1);
  const thing = asThing(value);
  for (const place of places) {
    const words = wordsIn(thing[place], depth - 1);
    if (words === "") continue;
    // OpenRouter says "Provider returned error", and the provider's own words beside it.
    const raw = asThing(thing["metadata"])["raw"];
    return typeof raw === "string" && raw !== ""
      ? `${words}: ${wordsIn(parseJson(raw) ?? raw, depth - 1)}`
      : words;
  }
  return "";
}

/** Of a page its title, or what is left without the marks. */
function textOf(whole: string): string {
  const body = cutText(whole, MAX_PAGE_UNITS);
  if (!/^\s*</.test(body)) return body;
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1] ?? "";
  if (title.trim() !== "") return title;
  return body.replace(/<(script|style)[^>]*>.*?<\/\1>/gis, " ").replace(/<[^>]*>/g, " ");
}
