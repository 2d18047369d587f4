/** Why nobody takes a conversation: which lane no worker lists, in words for an operator. */
import { isSystemLane } from "./lane.js";
import { coversWorkspace, listsLane } from "./canServe.js";

/** What a worker may take, as registered. `workspace` null: any. */
export interface LaneServer {
  lanes: readonly string[];
  workspace: string | null;
  /** Takes new work. */
  active: boolean;
}

export interface MissingLane {
  lane: string;
  workspace: string;
  /** `unlisted`: no worker lists the lane; `other_workspace`: those that do serve other workspaces; `inactive`: they stop. */
  reason: "unlisted" | "other_workspace" | "inactive";
  message: string;
}

/** Null when at least one active worker lists the conversation's lane and serves its workspace. */
export function missingLane(
  conversation: { lane: string; workspace: string },
  workers: readonly LaneServer[],
): MissingLane | null {
  const { lane, workspace } = conversation;
  const listing = workers.filter((worker) => listsLane(worker, lane));
  const mine = listing.filter((worker) => coversWorkspace(worker, workspace));
  if (mine.some((worker) => worker.active)) return null;
  const kind = isSystemLane(lane) ? "a trusted worker" : "a worker";
  const fix = `Start ${kind} whose token lists the tag '${lane}' for workspace '${workspace}'.`;
  if (listing.length === 0) {
    return { lane, workspace, reason: "unlisted", message: `No worker lists the lane '${lane}'. ${fix}` };
  }
  if (mine.length === 0) {
    const message = `The workers of lane '${lane}' serve other workspaces than '${workspace}'. ${fix}`;
    return { lane, workspace, reason: "other_workspace", message };
  }
  return {
    lane,
    workspace,
    reason: "inactive",
    message: `The workers of lane '${lane}' are stopping. ${fix}`,
  };
}

/** What holds for one workspace in the lane holds for every other: nobody lists it, or somebody serves it for all. */
export function isAlikeForAll(lane: string, workers: readonly LaneServer[]): boolean {
  const listing = workers.filter((worker) => listsLane(worker, lane));
  return listing.length === 0 || listing.some(({ workspace, active }) => workspace === null && active);
}
