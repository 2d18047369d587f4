/**
 * The gateway takes a message that begins with a slash for a command (`/new` wipes the session). End users must not
 * have that power, so such a text gets words in front; the rest stays as written for the model to read.
 */
export function withoutSlashCommand(text: string): string {
  return /^\s*\//.test(text) ? `(text, not a command) ${text.trimStart()}` : text;
}
