/**
 * How several workers share the first rows of a line. If all took the head, all but one would be retried; if each drew by lot,
 * two of sixteen would often draw the same. So each row of the window belongs to one of the workers that claimed lately, by
 * rendezvous hashing: nobody has to ask, and two that see slightly different lines still agree. Whose rows are all gone draws by
 * lot. The owners change every two seconds, so that a row whose owner is busy does not wait for it.
 */

const ROWS_PER_CLAIMER = 3;
const MAX_WINDOW = 64;
/** Where others claim too and nobody knows how many: the rows among which a lot is drawn. */
const LOT_WINDOW = 24;
const EPOCH_MS = 2_000;

export interface Claimers {
  /** Who asks. */
  worker: string;
  /** Workers that claimed or asked lately, as last published. */
  listed: readonly string[];
  /** Another worker claimed a moment ago, listed or not. */
  company: boolean;
}

const isKnownBesideOthers = ({ worker, listed }: Claimers): boolean =>
  listed.length > 1 && listed.includes(worker);
const isAlone = ({ worker, listed, company }: Claimers): boolean =>
  !company && (listed.length === 0 || (listed.length === 1 && listed[0] === worker));

/** How many of the first rows of a lane are shared. Who is alone takes the head. */
export function windowFor(claimers: Claimers): number {
  if (isAlone(claimers)) return 1;
  return isKnownBesideOthers(claimers)
    ? Math.min(MAX_WINDOW, claimers.listed.length * ROWS_PER_CLAIMER)
    : LOT_WINDOW;
}

/** How many of the first rows of a lane a claim looks at: one more, in case it comes too late for its first. */
export const rowsLookedAt = (claimers: Claimers): number => windowFor(claimers) + 1;

/** How many every claim looks at while these are listed, whoever asks. */
export const leastLookedAt = (listed: readonly string[]): number =>
  rowsLookedAt({ worker: listed[0] ?? "", listed, company: false });

export interface Row {
  id: string;
  /** Flows are served in turn; within one, rows are alike. */
  flow: string;
}

/**
 * The rows, given in fair order, in the order in which this worker should try them. A known worker: its own of the window, then
 * others' from a lot on. One that is not known beside others: by lot among the rows of the flow whose turn it is.
 */
export function shareOf<Item>(
  rows: readonly Item[],
  describe: (row: Item) => Row,
  claimers: Claimers,
  { now, random }: { now: number; random: number },
): Item[] {
  if (isAlone(claimers)) return [...rows];
  const window = rows.slice(0, windowFor(claimers));
  const rest = rows.slice(window.length);
  const [head] = window;
  if (head === undefined) return [];
  if (!isKnownBesideOthers(claimers)) {
    const { flow } = describe(head);
    const [ofFlow, others] = parted(window, (row) => describe(row).flow === flow);
    return [...fromLot(ofFlow, random), ...others, ...rest];
  }
  const epoch = Math.floor(now / EPOCH_MS);
  const known = claimers.listed.map((name) => ({ name, hash: hashOf(name) }));
  const [own, others] = parted(
    window,
    (row) => ownerOf(hashOf(describe(row).id) ^ epoch, known) === claimers.worker,
  );
  return [...own, ...fromLot(others, random), ...rest];
}

function parted<Item>(rows: readonly Item[], isFirst: (row: Item) => boolean): [Item[], Item[]] {
  const first: Item[] = [];
  const second: Item[] = [];
  for (const row of rows) (isFirst(row) ? first : second).push(row);
  return [first, second];
}

function fromLot<Item>(rows: readonly Item[], random: number): Item[] {
  const lot = Math.floor(random * rows.length);
  return [...rows.slice(lot), ...rows.slice(0, lot)];
}

/** The claimer with the highest weight for the row. */
function ownerOf(row: number, claimers: readonly { name: string; hash: number }[]): string | undefined {
  let owner: string | undefined;
  let most = -1;
  for (const { name, hash } of claimers) {
    const weight = mix(row ^ hash);
    if (weight > most) [owner, most] = [name, weight];
  }
  return owner;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3: every bit of the input changes about half of the output's. */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
