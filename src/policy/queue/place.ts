/**
 * Places in line: start-time fair queueing between workspaces, decided when a conversation is taken, not when it arrives.
 *
 * A flow is (lane, workspace, band). Each service of a flow costs it one tick, so a tenant with 300 ready chats and one with
 * a single chat alternate; priority is a head start of one tick per point, never a wall, so low priority ages upward.
 *
 * An arrival cannot look at the others without conflicting with them or paying for a second call. So it writes down only when
 * it came (`start`), and who takes from the line works out the ticks: from the rows that it sees, and from the tick at which
 * each of their flows was served last, which every claim leaves on its lease. Rows are stored by
 * ascending `rank`; the look of the scheduler brings that order up to date (`placesOf`), so that the first rows are the right
 * ones to look at.
 */

/** Ticks per millisecond: an empty lane restarts from the clock, and no flow can run ahead of it. */
const TICKS_PER_MS = 1024;
/** Arrivals within this time count as simultaneous: priority decides between them, then their order. */
const QUANTUM_MS = 250;
const BANDS = 5;

/** The band of a priority 0..100: bands are flows of their own, so an urgent message does not queue behind its tenant's backlog. */
export function bandOf(priority: number): number {
  return Math.min(BANDS - 1, Math.max(0, Math.floor(priority / 20)));
}
export const ALL_BANDS: readonly number[] = Array.from({ length: BANDS }, (_, band) => band);

export interface Place {
  start: number;
  rank: number;
  band: number;
  /** Breaks ties of rank: more urgent first. */
  urgency: number;
}

/**
 * The place of a conversation that becomes ready at `now` (epoch ms). `virtual`: the tick that its lane serves at present, as
 * last published; null for a lane in which nothing waited, whose time is the clock.
 */
export function placeInLine(priority: number, virtual: number | null, now: number): Place {
  const start = virtual ?? Math.floor(now / QUANTUM_MS) * QUANTUM_MS * TICKS_PER_MS;
  return { start, rank: start - priority, band: bandOf(priority), urgency: -priority };
}

/** A waiting row as the line sees it. */
export interface WaitingRow {
  workspace: string;
  band: number;
  start: number;
  priority: number;
  readyAt: number;
}

/** Names the flow of a row within its lane. */
export const flowOf = ({ workspace, band }: Pick<WaitingRow, "workspace" | "band">): string =>
  `${band} ${workspace}`;

/** A waiting row with the tick of its turn, and the tick that its flow is charged when it is taken. */
export interface Turn<Row> {
  row: Row;
  tick: number;
  charge: number;
}

/** The tick that a lane serves: where its flows are, or, when they have all rested, when the first of its rows came. */
export function virtualTime(rows: readonly WaitingRow[], served: ReadonlyMap<string, number>): number {
  const firstStart = rows.reduce((least, { start }) => Math.min(least, start), Infinity);
  return rows.reduce((most, row) => Math.max(most, served.get(flowOf(row)) ?? -1), firstStart);
}

/**
 * Rows of one lane in the order in which they should be taken. `served` is the tick at which each flow was served last,
 * absent for one that never was. A flow's first row comes when it arrived, or now if it came to a lane that lags behind the
 * clock, but not before the flow's next tick; each further row one tick later. `published`: the tick that the lane was seen to
 * serve lately, for who sees the first of its rows alone; newcomers came no sooner, though the flow that is there is out of sight.
 */
export function fairOrder<Row extends WaitingRow>(
  rows: readonly Row[],
  served: ReadonlyMap<string, number>,
  published = 0,
): Turn<Row>[] {
  const virtual = Math.max(published, virtualTime(rows, served));
  const arrived = (row: Row) => Math.min(row.start, virtual);
  // Within a flow by the clock: newcomers enter at a tick that was published up to some seconds ago, and would go before
  // whoever has been given its place since.
  const byArrival = [...rows].sort((a, b) => a.readyAt - b.readyAt);
  const lastOfFlow = new Map<string, { tick: number; first: number }>();
  const turns = byArrival.map((row) => {
    const flow = flowOf(row);
    const before = lastOfFlow.get(flow);
    const tick = Math.max(arrived(row), (before?.tick ?? served.get(flow) ?? -1) + 1);
    const first = before?.first ?? tick;
    lastOfFlow.set(flow, { tick, first });
    // Whichever row is taken, its flow was served once.
    return { row, tick, charge: first };
  });
  const memory = ({ row }: Turn<Row>) => served.get(flowOf(row)) ?? -1;
  return turns.sort(
    (a, b) =>
      a.tick - a.row.priority - (b.tick - b.row.priority) ||
      b.row.priority - a.row.priority ||
      // Of several whose turn it is, the flow that was served longest ago.
      memory(a) - memory(b) ||
      a.row.readyAt - b.row.readyAt,
  );
}

/** The rows whose stored place is not the one they have by now, with that place. */
export function placesOf<Row extends WaitingRow>(
  rows: readonly Row[],
  served: ReadonlyMap<string, number>,
): { row: Row; start: number }[] {
  return fairOrder(rows, served).flatMap(({ row, tick }) =>
    tick === row.start ? [] : [{ row, start: tick }],
  );
}
