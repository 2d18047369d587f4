/** Who may take the lanes of the system. */
import { isSystemLane, SYSTEM_LANE, systemLaneOf } from "../queue/lane.js";

/**
 * Why these lanes may not be taken, or null. System lanes are for trusted workers alone: `system` for those of the whole
 * instance, `system:<workspace>` for those of that workspace (or of the whole instance).
 */
export function lanesFault(
  tags: readonly string[],
  holder: { trusted?: boolean; workspace?: string },
): string | null {
  const reserved = tags.filter(isSystemLane);
  if (reserved.length === 0) return null;
  if (holder.trusted !== true) {
    return `The tags ${reserved.join(", ")} are system lanes, which agent workers cannot take; mint the token with trusted: true.`;
  }
  const { workspace } = holder;
  const foreign = reserved.filter((tag) => workspace !== undefined && tag !== systemLaneOf(workspace));
  if (foreign.length === 0) return null;
  return `A token of workspace '${workspace}' can take the system lane '${systemLaneOf(workspace ?? SYSTEM_LANE)}' only, not ${foreign.join(", ")}.`;
}
