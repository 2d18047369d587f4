/** A batch of rows of very different sizes: bounded by count and by bytes. */
import { getConvexSize, type Value } from "convex/values";

/** An eighth of what a transaction may read (16 MiB): a sweep takes at most four such batches. */
const MAX_BYTES = 2 * 1024 * 1024;

/** At least one row if there is any. */
export async function takeWithin<Row extends Record<string, unknown>>(
  rows: AsyncIterable<Row>,
  most: number,
): Promise<Row[]> {
  const taken: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    taken.push(row);
    bytes += getConvexSize(row as Value);
    if (taken.length >= most || bytes >= MAX_BYTES) break;
  }
  return taken;
}
