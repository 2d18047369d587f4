/** Credentials taken out of text by their value, however it is written there, and by their shape. */
import { redactCredentials } from "./redact.js";

/** Shorter values ("true", a port) are in every text, and taking them out would spoil it. */
const MIN_SECRET_CHARS = 6;

/** `text` without `secrets`, plain, escaped as in JSON, or percent-encoded, and without what looks like a credential. */
export function redactSecrets(text: string, secrets: readonly string[] = []): string {
  const forms = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .filter(({ length }) => length >= MIN_SECRET_CHARS)
    // The longest first: one may be part of another.
    .sort((a, b) => b.length - a.length);
  return redactCredentials(forms.reduce((clean, form) => clean.replaceAll(form, "[redacted]"), text));
}

const MAX_CAUSES = 5;

/** An unexpected error for a log: what `console` would print of it and of its causes, redacted. */
export function printable(error: unknown, secrets: readonly string[] = []): string {
  const said = [];
  let each = error;
  do {
    said.push(each instanceof Error ? (each.stack ?? String(each)) : String(each));
    each = each instanceof Error ? each.cause : undefined;
  } while (each !== undefined && said.length < MAX_CAUSES);
  return redactSecrets(said.join("\ncaused by "), secrets);
}
