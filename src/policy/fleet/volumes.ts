/** Whether a volume may be deleted: the one rule for all that delete. What is not known counts as a reason to keep it. */

/** Why somebody wants it gone. */
export type DeleteReason =
  /** Its machine is gone, and what it holds is in a snapshot. */
  | "saved"
  /** Two listings showed it, and nobody owns it. */
  | "orphan"
  /** The retention of its unsaved memory is over. */
  | "expired"
  /** Somebody asked by hand; `forced`: whatever memory it holds. */
  | "asked"
  | "forced";

/** What is known of a volume at the moment of the deletion. */
export interface VolumeEvidence {
  /** A machine that is there or comes has it, or shall mount it; with `saved` the one that is gone does not count. */
  inUse: boolean;
  /** It holds memory that is in no snapshot. */
  quarantined: boolean;
  /** Its name is one that only we could have given; null: its name is not known. */
  ours: boolean | null;
  /** What the machine that had it did with it is in a snapshot, or it did nothing. */
  saved: boolean;
}

/** Why it must stay: `machine` has it, it is in `quarantine`, it is `foreign`, its memory is `unsaved`; null: it may go. */
export function keptBecause(
  { inUse, quarantined, ours, saved }: VolumeEvidence,
  reason: DeleteReason,
): "machine" | "quarantine" | "foreign" | "unsaved" | null {
  if (inUse) return "machine";
  switch (reason) {
    case "saved":
      return saved ? null : "unsaved";
    case "orphan":
      if (ours !== true) return "foreign";
      return quarantined ? "quarantine" : null;
    case "expired":
      // Its row went with the machine that has saved it.
      return quarantined ? null : "foreign";
    case "asked":
      return quarantined ? "quarantine" : null;
    case "forced":
      return null;
  }
}
