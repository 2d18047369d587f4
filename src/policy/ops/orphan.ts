/** When a resource without an owner may be collected, and why it counts as ours. */

export interface OrphanFacts {
  kind: "machine" | "volume";
  name: string;
  firstSeenAt: number;
  lastSeenAt: number;
  listings: number;
}

/** Two listings at least `graceMs` apart have shown it: a launch under way has written its row by then. */
export const isConfirmed = (
  { firstSeenAt, lastSeenAt, listings }: Omit<OrphanFacts, "kind" | "name">,
  graceMs: number,
): boolean => listings >= 2 && lastSeenAt - firstSeenAt >= graceMs;

export const whyOrphan = ({ kind, name }: Pick<OrphanFacts, "kind" | "name">): string =>
  kind === "machine"
    ? `Machine '${name}' carries this deployment's tag, and no living row of the fleet owns it.`
    : `Volume '${name}' has a name that only this deployment gave, its machine is gone, and it holds no unsaved memory.`;
