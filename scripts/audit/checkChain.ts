/**
 * The chain of an exported audit log, checked from the description in `src/contract/audit.ts` and with Node's own hash:
 * no code is shared with what wrote it, so one mistake cannot hide in both.
 */
import { createHash } from "node:crypto";
import { z } from "zod";

export interface Point {
  seq: number;
  hash: string;
}
export type Verdict =
  | { ok: true; entries: number; from: Point; head: Point }
  | {
      ok: false;
      /** Counted from 1; after the last when the end is missing. */ line: number;
      reason: string;
    };

const GENESIS = "0".repeat(64);
const zHash = z.string().regex(/^[0-9a-f]{64}$/);
const zSeq = z.number().int().nonnegative();
// Strict: a field that is not hashed would be a place to write into without being noticed.
const zAnchor = z.strictObject({ seq: zSeq, hash: zHash });
const zEntry = z.strictObject({
  seq: zSeq.min(1),
  at: z.number(),
  kind: z.string(),
  actor: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.string()).optional(),
  hash: zHash,
});

/**
 * Reads lines: anchors `{"seq","hash"}` and entries. The first line must be an anchor unless one is given. `known.head` is
 * a point that was noted down elsewhere; without one, entries cut off at the end, and a chain written anew as a whole,
 * cannot be told.
 */
export async function checkChain(
  lines: AsyncIterable<string> | Iterable<string>,
  known: { anchor?: Point; head?: Point } = {},
): Promise<Verdict> {
  let at: Point | undefined = known.anchor;
  let from: Point | undefined = known.anchor;
  let line = 0;
  let entries = 0;
  let sawHead = known.head === undefined || known.head.seq === at?.seq;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === "") continue;
    const broken = (reason: string): Verdict => ({ ok: false, line, reason });
    const json = parse(text);
    const anchor = zAnchor.safeParse(json);
    const entry = zEntry.safeParse(json);
    if (anchor.success) {
      if (at && !isSame(at, anchor.data)) return broken("the anchor does not continue what comes before it");
      if (anchor.data.seq === 0 && anchor.data.hash !== GENESIS)
        return broken("a chain begins with 64 zeros");
      at ??= anchor.data;
    } else if (entry.success) {
      if (!at) return broken("the first line must be an anchor");
      const { seq, hash } = entry.data;
      if (seq !== at.seq + 1) return broken(`entry ${at.seq + 1} is missing; this is entry ${seq}`);
      if (hashOf(entry.data, at.hash) !== hash)
        return broken(`entry ${seq} does not fit its hash and the entry before it`);
      at = { seq, hash };
      entries += 1;
    } else return broken("this is neither an anchor nor an entry");
    from ??= at;
    if (at.seq === known.head?.seq) {
      if (at.hash !== known.head.hash) return broken(`entry ${at.seq} is not the one that was noted down`);
      sawHead = true;
    }
  }
  if (!at || !from) return { ok: false, line: 1, reason: "there is nothing to check" };
  if (!sawHead)
    return {
      ok: false,
      line: line + 1,
      reason: `entry ${known.head?.seq}, which was noted down, is missing`,
    };
  return { ok: true, entries, from, head: at };
}

/** `seq:hash`, as it is noted down. Throws on anything else. */
export function parsePoint(text: string): Point {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new Error(`'${text}' is not a number, a colon and 64 hex digits`);
  return { seq: Number(seq), hash };
}

function hashOf({ hash: _, ...entry }: z.infer<typeof zEntry>, previous: string): string {
  return createHash("sha256")
    .update(canonical({ ...entry, previous, format: "agent-factory-audit/1" }))
    .digest("hex");
}

/** Keys in code unit order at every level, no white space. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`).join(",")}}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isSame = (a: Point, b: Point): boolean => a.seq === b.seq && a.hash === b.hash;
