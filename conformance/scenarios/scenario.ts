import type { RowId } from "../rows.js";
import type { Rig } from "../rig.js";
import type { Answer } from "../wire.js";

/** One trial: a course of events with one worker, which may be started more than once. */
export interface Scenario {
  readonly name: string;
  /** The rows that need this trial: where only some rows are asked for, it is run for these. */
  readonly shows: readonly RowId[];
  /** Ends early by throwing what `rig.until` throws. */
  play(rig: Rig): Promise<void>;
}

/** An answer of the gateway's own form. */
export const value = (of: unknown): Answer => ({
  status: 200,
  body: JSON.stringify({ ok: true, value: of }),
});
export const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: JSON.stringify({ ok: false, error: { code, message } }),
});
export const leaseLost = value({ ok: false, reason: "lease_lost" });

/** Waits until the worker has nothing in hand, so that the end of each message is on record. */
export async function untilIdle(rig: Rig): Promise<void> {
  await rig.until("P-SET-4", "every message is ended", () => {
    const open = rig.holdings.filter(
      ({ endedAt, lostAt, killedAt, expiresAt }) =>
        endedAt === null && lostAt === null && killedAt === null && expiresAt > Date.now(),
    );
    return open.length === 0;
  });
}
