/**
 * How several workers share the first rows of a line. If all took the head, all but one would be retried; if each drew by lot,
 * two of sixteen would often draw the same. So each row of the window belongs to one of the workers that claimed lately, by
 * rendezvous hashing: nobody has to ask, and two that see slightly different lines still agree. Whose rows are all gone draws by
 * lot. The owners change every second, so that a row whose owner is busy does not wait for it.
 */

const ROWS_PER_CLAIMER = 3;
const MAX_WINDOW = 64;
const EPOCH_MS = 1_000;

/** How many of the first rows of a lane are shared, by the number of workers that claimed lately. One worker takes the head. */
export const windowFor = (claimers: number): number =>
  claimers <= 1 ? 1 : Math.min(MAX_WINDOW, claimers * ROWS_PER_CLAIMER);

export interface Sharing {
  /** Who asks. */
  worker: string;
  /** Workers that claimed or asked lately. */
  claimers: readonly string[];
  /** Epoch ms. */
  now: number;
  /** 0 ≤ x < 1, for one whose rows are all gone. */
  random: number;
}

/** The rows in the order in which this worker should try them: its own of the window, then others' from a lot on, then the rest. */
export function shareOf<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  { worker, claimers, now, random }: Sharing,
): Row[] {
  const window = windowFor(claimers.length);
  if (window === 1) return [...rows];
  const epoch = Math.floor(now / EPOCH_MS);
  const known = claimers.map((name) => ({ name, hash: hashOf(name) }));
  const own: Row[] = [];
  const others: Row[] = [];
  for (const row of rows.slice(0, window))
    (ownerOf(hashOf(nameOf(row)) ^ epoch, known) === worker ? own : others).push(row);
  const lot = Math.floor(random * others.length);
  return [...own, ...others.slice(lot), ...others.slice(0, lot), ...rows.slice(window)];
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
