/** What a failed request says: about the message, or about the service. */
import { EngineError } from "../../engine/engine.js";
import { asThing, wordsOf } from "../words.js";
import { redactSecrets } from "../../../../src/policy/text/redactSecrets.js";

/** What a server does not take; the message is sent once more without it. */
export type Without = "pictures" | "system";

export interface Told {
  /** HTTP status, or the number that an error in a body carries; 0: none. */
  status: number;
  /** The server's words, bounded, without the key. */
  words: string;
  retryAfterMs?: number | null;
}

/** The message is too long, or is not answered for what it says. */
const aboutMessage =
  /context[ _-]?(length|window|size)|maximum context|too many (input )?tokens|(prompt|input|request|message)s? (is|are) too (long|large)|exceeds? [^.]{0,40}(context|token)|content[ _-]?(filter|management|policy)|responsible.?ai/i;
/** Operators mend these, and no message is at fault. */
const forbidden = new Set([401, 402, 403, 407]);
/** So they do an address that is none, or another one now, and a model that is not there: every message meets it. */
const misplaced = new Set([300, 301, 302, 303, 307, 308, 404, 405, 410, 421, 426]);
const passing = new Set([408, 409, 425, 429]);

/** The error of an answer that is none. A passing one is `unavailable`. */
export function failureOf({ status, words, retryAfterMs }: Told): EngineError {
  const said = status === 0 ? `openai: ${words}` : `openai: HTTP ${status}: ${words}`;
  const passes = status === 0 || status >= 500 || passing.has(status);
  if (aboutMessage.test(words) && status !== 429)
    return new EngineError("refused", said, false, { blames: "message" });
  if (passes) return new EngineError("unavailable", said, true, { retryAfterMs: retryAfterMs ?? undefined });
  return new EngineError("refused", said, false, {
    blames: forbidden.has(status) || misplaced.has(status) ? "service" : "message",
  });
}

/** What the server says that it does not take, in the words of the servers in use; null: nothing of that kind. */
export function notTaken({ status, words }: Told): Without | null {
  if (forbidden.has(status) || status === 429) return null;
  if (/system[ _-]?(role|message|prompt|instruction)|role[^.]{0,20}system/i.test(words)) return "system";
  const pictures =
    /image|vision|visual|multi-?modal|picture|mmproj|content|media type|payload|entity too large/i;
  return status === 413 || pictures.test(words) ? "pictures" : null;
}

/** An error inside a body or a stream whose request was accepted. Null: it is no error. */
export function errorIn(value: unknown, apiKey: string | undefined, eventName = ""): Told | null {
  const thing = asThing(Array.isArray(value) ? value[0] : value);
  const { error, object, type, choices } = thing;
  const named = eventName === "error" || object === "error" || type === "error";
  const bare =
    choices === undefined && (typeof thing["message"] === "string" || thing["detail"] !== undefined);
  const inside = error !== undefined && error !== null && error !== false && error !== "";
  if (!named && !bare && !inside) return null;
  const told = inside ? asThing(error) : thing;
  const status =
    [told["code"], told["status"], thing["code"], thing["status"]].map(Number).find(isStatus) ?? 0;
  return { status, words: wordsOfBody(JSON.stringify(inside ? error : thing), apiKey) };
}

/** Without the key before it is cut: a part of a key is no key that could be found. */
export const wordsOfBody = (body: string, apiKey: string | undefined): string =>
  wordsOf(redactSecrets(body, apiKey === undefined ? [] : [apiKey]));

const isStatus = (value: number): boolean => Number.isInteger(value) && value >= 400 && value < 600;
