/** Whether a machine's volume may be deleted. What is not known counts as "not saved". */

export interface MemoryFacts {
  /**
   * The conversation whose data directory its worker holds, as that worker's generation; `none`: it holds none, having saved and
   * emptied its disk; `unknown`: nobody remembers its worker.
   */
  holds: number | "none" | "unknown";
  /** It mounted a volume that a machine before it could not save. */
  inherited: boolean;
  /** When its worker had work last, epoch ms; `never`: certainly none; `unknown`: what would tell has been forgotten. */
  lastUse: number | "never" | "unknown";
  /** The conversation's newest ready snapshot. */
  snapshot: { generation: number; createdAt: number } | null;
}

/** Everything the volume holds is in a snapshot, or it holds nothing. */
export function isSaved({ holds, inherited, lastUse, snapshot }: MemoryFacts): boolean {
  if (typeof holds === "string") return holds === "none";
  if (lastUse === "never" && !inherited) return true;
  // Another owner's snapshot says nothing of this disk.
  if (snapshot?.generation !== holds || lastUse === "unknown") return false;
  return lastUse === "never" || snapshot.createdAt >= lastUse;
}
