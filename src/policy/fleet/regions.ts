/** The regions of a launch: one that had no room for a machine comes last in the next; its volume could not have moved. */
export function regionsInTurn(
  { region, regions = [] }: { region: string; regions?: readonly string[] },
  failures: number,
): string[] {
  const all = [...new Set([region, ...regions])];
  const first = failures % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
