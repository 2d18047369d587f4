/** The regions of a launch: one that had no room for a machine comes last in the next; its volume could not have moved. */
export function inTurn(regions: readonly string[], failures: number): string[] {
  const first = failures % regions.length;
  return [...regions.slice(first), ...regions.slice(0, first)];
}
