/** Words that several explanations share. */
import type { Reason, Verdict } from "../../contract/ops.js";
import { isSystemLane } from "../queue/lane.js";

/** ISO 8601, UTC. */
export const timeText = (at: number): string => new Date(at).toISOString();

/** How to have a lane served. A sentence without its beginning. */
export function laneFix({ lane, workspace }: { lane: string; workspace: string }): string {
  const trusted = isSystemLane(lane) ? " and trusted: true" : "";
  return `start a worker with a token from createAgentWorkerToken whose tags list '${lane}' for workspace '${workspace}'${trusted}, or add the lane to the policy fleet.lanes.`;
}

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Without a fix nothing is needed; without a time only a change brings it on. */
export const verdict = (
  reason: Reason,
  text: string,
  nextLookAt: number | null = null,
  fix: string | null = null,
): Verdict => ({ reason, text, fix, nextLookAt });
