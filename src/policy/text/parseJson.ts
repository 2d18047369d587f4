/** Foreign JSON, mended where it enters. */
import { wellFormed } from "./cut.js";

/** Whether the text may hold half a surrogate pair: as an escape, because UTF-8 has none. */
const HALF_PAIR = /\\u[dD][89a-fA-F]/;

/**
 * The parsed JSON with every text well-formed: half a surrogate pair in a name or an error would make the platform refuse the whole
 * call. Undefined for a text that is no JSON (which itself cannot say undefined).
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, HALF_PAIR.test(text) ? mended : undefined) as unknown;
  } catch {
    return undefined;
  }
}

const mended = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? wellFormed(value) : value;
