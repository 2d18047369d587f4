/** How long a server asks to be left alone, in ms, in the forms that servers say it. */

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** From the headers, else from the words of the error; null: it did not say. `now`: epoch ms. */
export function retryAfterMs(headers: Headers, body: string, now: number): number | null {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const ms = amount(headers.get(name));
    if (ms !== null) return ms;
  }
  const header = headers.get("retry-after");
  const seconds = amount(header);
  if (seconds !== null) return seconds * 1_000;
  const duration = durationMs(header ?? "");
  if (duration !== null) return duration;
  const date = Date.parse(/^[A-Z][a-z]{2}|^\d{4}-/.test(header ?? "") ? (header ?? "") : "");
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  // Gemini's RetryInfo, other servers' own field, and the sentence of OpenAI and Groq: "Please try again in 1m2.5s."
  const field =
    /"retry_?delay"\s*:\s*"([^"]+)"/i.exec(body)?.[1] ??
    /try again in ([\d.]+[a-z][\d.a-z]*)/i.exec(body)?.[1];
  const said = durationMs(field ?? "");
  if (said !== null) return said;
  const inSeconds = amount(/"retry_after(?:_seconds)?"\s*:\s*"?([\d.]+)/i.exec(body)?.[1] ?? null);
  return inSeconds === null ? null : inSeconds * 1_000;
}

function amount(text: string | null): number | null {
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `820ms`, `34.5s`, `1m2s`, `1h0m0s`. */
function durationMs(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const matched = parts.map(([whole]) => whole).join("");
  if (parts.length === 0 || !text.startsWith(matched) || /^[\da-z]/i.test(text.slice(matched.length)))
    return null;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (unitMs[unit ?? ""] ?? 0), 0);
}
