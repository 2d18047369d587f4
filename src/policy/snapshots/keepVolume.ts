/** Whether a disk that holds memory already is to be kept when its conversation is taken up again. */

/** What the disk says of itself. */
export interface DiskMemory {
  conversationId: string;
  generation: number;
  /** The snapshot that it started from or was saved as last. */
  snapshotId: string | null;
}
/** The newest ready snapshot of the conversation that is taken up. */
export interface SavedMemory {
  snapshotId: string;
  generation: number;
}

/**
 * true: the disk is at least as new as `newest`. An owner's snapshots come from its own disk, so a snapshot of the same
 * or an earlier generation holds nothing that the disk lacks; one of a later generation is another worker's.
 */
export function keepsDisk(disk: DiskMemory, conversationId: string, newest: SavedMemory | null): boolean {
  if (disk.conversationId !== conversationId) return false;
  return newest === null || newest.snapshotId === disk.snapshotId || newest.generation <= disk.generation;
}
