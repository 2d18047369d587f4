/** Reads that are bounded by count and by size: rows carry foreign text of very different lengths. */
import type { Doc } from "../../component/_generated/dataModel.js";

/** A quarter of what a transaction may read (16 MiB), counting characters as two bytes. */
const MAX_CHARS = 2_000_000;

/** Up to `limit` messages; `capped` when more remain or the size bound was reached. */
export async function readBounded(
  rows: AsyncIterable<Doc<"messageQueue">>,
  limit: number,
): Promise<{ rows: Doc<"messageQueue">[]; capped: boolean }> {
  const read: Doc<"messageQueue">[] = [];
  let chars = 0;
  for await (const row of rows) {
    chars +=
      row.payload.messageText.length +
      (row.payload.rawUpdateJson?.length ?? 0) +
      (row.reply?.text.length ?? 0);
    if (read.length >= limit || chars > MAX_CHARS) return { rows: read, capped: true };
    read.push(row);
  }
  return { rows: read, capped: false };
}

/** A caller's page size, clamped. */
export const clampLimit = (limit: number | undefined, fallback: number, max: number): number =>
  Math.min(max, Math.max(1, Math.floor(limit ?? fallback)));
