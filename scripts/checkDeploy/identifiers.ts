/** Name rules of a deployment. */

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Longest identifier or module path segment a deployment accepts. */
export const MAX_NAME_LENGTH = 64;

/** Why the name is not a legal identifier, or `null`. */
export function identifierProblem(name: string): string | null {
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  if (!IDENTIFIER.test(name)) return "is not an identifier (letters, digits, _; no digit first)";
  if (/^_+$/.test(name)) return "consists of underscores only";
  return null;
}
