/** Reads that are bounded by count and by size: rows carry foreign text of very different lengths. */
import { getConvexSize, type Value } from "convex/values";

/** A quarter of what a transaction may read (16 MiB): two such reads and the last row of each still leave room. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Up to `limit` rows, at least one if there is any; `capped` when more remain or the size bound was reached. */
export async function readBounded<Row extends Record<string, unknown>>(
  rows: AsyncIterable<Row>,
  limit: number,
  maxBytes = MAX_BYTES,
): Promise<{ rows: Row[]; capped: boolean }> {
  const read: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    if (read.length >= limit || bytes >= maxBytes) return { rows: read, capped: true };
    bytes += getConvexSize(row as Value);
    read.push(row);
  }
  return { rows: read, capped: false };
}

/** A page for a list; the rest is behind its last row. */
export const pageOf = async <Row extends Record<string, unknown>>(
  rows: AsyncIterable<Row>,
  limit: number,
): Promise<Row[]> => (await readBounded(rows, limit)).rows;

/** A caller's page size, clamped: a whole number, whatever was asked for. */
export const clampLimit = (limit: number | undefined, fallback: number, max: number): number =>
  Math.min(max, Math.max(1, Math.floor(limit ?? fallback) || 1));
