/** The hash of an audit entry; see `contract/audit.ts` for the format. */
import { AUDIT_FORMAT, type AuditEntry } from "../../contract/audit.js";

/** The exact text that is hashed. */
function canonicalEntry(entry: Omit<AuditEntry, "hash">, previous: string): string {
  const { actor, at, detail, kind, seq, subject } = entry;
  const text = JSON.stringify;
  return objectText([
    ["actor", text(actor)],
    ["at", text(at)],
    ["detail", detail && objectText(Object.entries(detail).map(([key, value]) => [key, text(value)]))],
    ["format", text(AUDIT_FORMAT)],
    ["kind", text(kind)],
    ["previous", text(previous)],
    ["seq", text(seq)],
    ["subject", text(subject)],
  ]);
}

/** SHA-256 of the entry and the hash before it, in hex. */
export async function entryHash(entry: Omit<AuditEntry, "hash">, previous: string): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalEntry(entry, previous));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Not through an object: one would move keys that look like numbers to its front. */
function objectText(fields: [key: string, json: string | undefined][]): string {
  const sorted = fields
    .filter(([, json]) => json !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(",")}}`;
}
