/** What lies on a volume: the marker that the worker keeps there (`worker/src/memory/disk.ts`), and what the watch knows of it. */
export class VolumeDisk {
  marker: { conversationId: string; generation: number; snapshotId: string | null; turns: number } | null =
    null;
  /** Messages whose answers were accepted and whose memory is in no good snapshot. */
  readonly unsaved = new Set<string>();
  /** Epoch ms: a machine last used it. */
  usedAt: number;

  constructor(
    readonly id: string,
    readonly name: string,
    now: number,
  ) {
    this.usedAt = now;
  }

  /** Another memory takes its place, by the worker's own decision. */
  wipe(): void {
    this.marker = null;
    this.unsaved.clear();
  }
}
