/** What of a message's metadata a user may say: all but what decides where the answer goes and who gives it. */

/** Written by the component alone. Everything that begins with a channel's name is an address in it. */
const OURS: ReadonlySet<string> = new Set([
  "providerUserId",
  "consumerUserId",
  "source",
  "conversationTargetSource",
  "companyId",
  "runKey",
]);
/** The metadata that a tag takes its lane from. */
const LANE_ARGUMENT = /\$args\[([^\]]*)\]/g;
const laneArguments = (tag: string): (string | undefined)[] =>
  [...tag.matchAll(LANE_ARGUMENT)].map((match) => match[1]);

/**
 * @param said the user's metadata.
 * @param isAddress whether a channel reads an address in the metadata of this name.
 * @param tag the agent's tag: what it takes its lane from is read from `bound`, the metadata that the host gave the user's
 *   binding.
 */
export function userMetadata(
  said: Readonly<Record<string, string>> | undefined,
  isAddress: (name: string) => boolean,
  tag: string | undefined,
  bound: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const choosesLane = new Set<string | undefined>(laneArguments(tag ?? ""));
  const isTheirs = ([name]: [string, string]) =>
    !OURS.has(name) && !isAddress(name) && !choosesLane.has(name);
  const own = Object.entries(said ?? {}).filter(isTheirs);
  return Object.fromEntries([
    ...own,
    ...Object.entries(bound ?? {}).filter(([name]) => choosesLane.has(name)),
  ]);
}
