/** Whether a worker may take a conversation: by the lane of its next message and by its workspace, and by nothing else. */

/** What a worker was registered for, or a token allows. `lanes` null: all; no `workspace`: every. */
export interface Reach {
  lanes: readonly string[] | null;
  workspace?: string | null | undefined;
}

export const listsLane = ({ lanes }: Pick<Reach, "lanes">, lane: string): boolean =>
  lanes === null || lanes.includes(lane);

export const coversWorkspace = ({ workspace }: Pick<Reach, "workspace">, of: string): boolean =>
  workspace === undefined || workspace === null || workspace === of;

export const canServe = (reach: Reach, of: { lane: string; workspace: string }): boolean =>
  listsLane(reach, of.lane) && coversWorkspace(reach, of.workspace);
