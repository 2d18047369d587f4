/** Counting sealed rows by master key. A row carries a value of up to 64 KiB, so counts stop at a number of bytes. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** Rows and bytes one count may read, together well below the 32 000 documents and 16 MiB of a transaction. */
const MAX_ROWS = 2_000;
const MAX_BYTES = 6 * 1024 * 1024;

/** What one function may still read for its counts. */
export interface CountBudget {
  rows: number;
  bytes: number;
}
export const countBudget = (): CountBudget => ({ rows: MAX_ROWS, bytes: MAX_BYTES });

/** Which unwiped rows: of one key, or of all keys but one. */
export type SealedWith = { keyId: string } | { otherThan: string };

/** How many rows, active or superseded, that are not wiped; `capped` when the budget ended the count. */
export async function countSealed(
  ctx: QueryCtx,
  active: boolean,
  which: SealedWith,
  budget: CountBudget,
): Promise<{ count: number; capped: boolean }> {
  const range = (side: "below" | "at" | "above", keyId: string) =>
    ctx.db.query("secrets").withIndex("by_wipedAt_and_keyId", (q) => {
      const unwiped = q.eq("wipedAt", undefined).eq("active", active);
      if (side === "at") return unwiped.eq("keyId", keyId);
      return side === "below" ? unwiped.lt("keyId", keyId) : unwiped.gt("keyId", keyId);
    });
  const ranges =
    "keyId" in which
      ? [range("at", which.keyId)]
      : [range("below", which.otherThan), range("above", which.otherThan)];
  let count = 0;
  for (const rows of ranges) {
    for await (const row of rows) {
      if (budget.rows <= 0 || budget.bytes <= 0) return { count, capped: true };
      budget.rows -= 1;
      budget.bytes -= row.encryptedValue.byteLength;
      count += 1;
    }
  }
  return { count, capped: false };
}

/** The first unwiped row of the next key id after `after`, in order of key ids; null when there is none. */
export const firstOfNextKey = (
  ctx: QueryCtx,
  active: boolean,
  after: string,
): Promise<Doc<"secrets"> | null> =>
  ctx.db
    .query("secrets")
    .withIndex("by_wipedAt_and_keyId", (q) =>
      q.eq("wipedAt", undefined).eq("active", active).gt("keyId", after),
    )
    .first();
