/** What a worker token may say, and everything that is wrong with one that is asked for. */
import { isLane, MAX_LANES } from "../queue/lane.js";
import { cutText } from "../text/cut.js";

/** Longest workspace, group or worker id in a token, in characters. */
const MAX_NAME_CHARS = 200;
const MAX_WORKERS_LIMIT = 1_000;

export interface RequestedScope {
  workspace?: string;
  tags: readonly string[];
  group?: string;
  workerId?: string;
  maxWorkers?: number;
  withAlias?: boolean;
}
export interface Fault {
  argument: string;
  message: string;
}

/** Every fault of a scope, one sentence each; empty when it is sound. System lanes are judged by `lanesFault`. */
export function scopeFaults(scope: RequestedScope): Fault[] {
  const { workspace, tags, group, workerId, maxWorkers, withAlias } = scope;
  const faults: Fault[] = [];
  const add = (argument: string, message: string) => faults.push({ argument, message });
  for (const [argument, name] of Object.entries({ workspace, group, workerId })) {
    if (name === undefined || (name.trim() !== "" && name.length <= MAX_NAME_CHARS)) continue;
    add(argument, `${argument} must be 1 to ${MAX_NAME_CHARS} characters, or absent.`);
  }
  const distinct = new Set(tags).size;
  if (distinct < 1 || distinct > MAX_LANES)
    add("tags", `tags must be 1 to ${MAX_LANES} names, not ${distinct}.`);
  const illegal = tags.filter((tag) => !isLane(tag));
  if (illegal.length > 0) {
    const shown = illegal
      .slice(0, 5)
      .map((tag) => JSON.stringify(cutText(tag, 40)))
      .join(", ");
    const message = `tags must be names of 1 to 100 letters, digits, dots, underscores, colons and hyphens; these are not: ${shown}.`;
    add("tags", message);
  }
  if (maxWorkers !== undefined) {
    if (!Number.isInteger(maxWorkers) || maxWorkers < 1 || maxWorkers > MAX_WORKERS_LIMIT) {
      add("maxWorkers", `maxWorkers must be a whole number from 1 to ${MAX_WORKERS_LIMIT}.`);
    }
    if (workerId !== undefined && maxWorkers !== 1)
      add("maxWorkers", "A token with workerId serves one worker; leave maxWorkers out.");
  }
  if (withAlias === true && workerId === undefined)
    add("withAlias", "withAlias needs workerId: an alias stands for one worker.");
  return faults;
}
