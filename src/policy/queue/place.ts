/**
 * Places in line: start-time fair queueing between workspaces, with the virtual time derived from the rows.
 *
 * A flow is (lane, workspace, band). Each flow takes one place per tick, so a tenant with 300 ready chats and one with
 * a single chat alternate; priority is a head start of one tick per point, never a wall, so low priority ages upward.
 * Rows are served by ascending `rank`.
 */

/** Ticks per millisecond: an empty lane restarts from the clock, and no flow can run ahead of it. */
const TICKS_PER_MS = 1024;
const BANDS = 5;

/** The band of a priority 0..100: bands are flows of their own, so an urgent message does not queue behind its tenant's backlog. */
export function bandOf(priority: number): number {
  return Math.min(BANDS - 1, Math.max(0, Math.floor(priority / 20)));
}

export interface LineView {
  /** `start` of the lane's ready head, null when nothing is ready. */
  headStart: number | null;
  /** Latest `start` of the flow over rows in any state, null when the flow is new. */
  lastOfFlow: number | null;
}
export interface Place {
  start: number;
  rank: number;
  band: number;
  /** Breaks ties of rank: more urgent first. */
  urgency: number;
}

/** The place of a conversation that becomes ready now. `now` in epoch ms. */
export function placeInLine(priority: number, line: LineView, now: number): Place {
  const start = Math.max(line.headStart ?? now * TICKS_PER_MS, (line.lastOfFlow ?? -1) + 1);
  return { start, rank: start - priority, band: bandOf(priority), urgency: -priority };
}

/** A row of the line as respacing sees it. */
export interface PlacedRow {
  id: string;
  workspace: string;
  band: number;
  start: number;
}

/**
 * Simultaneous enqueues of one flow cannot see each other and take one place; this finds the later ones and the next
 * free tick for each. `rows` in line order.
 */
export function respace(rows: readonly PlacedRow[]): { id: string; start: number }[] {
  const lastOfFlow = new Map<string, number>();
  const moves: { id: string; start: number }[] = [];
  for (const row of [...rows].sort((a, b) => a.start - b.start)) {
    const flow = JSON.stringify([row.workspace, row.band]);
    const last = lastOfFlow.get(flow);
    const start = last === undefined ? row.start : Math.max(row.start, last + 1);
    lastOfFlow.set(flow, start);
    if (start !== row.start) moves.push({ id: row.id, start });
  }
  return moves;
}
