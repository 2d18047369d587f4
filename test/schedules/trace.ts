/** What a commit did, in one line for people: a violation comes with the last of them. */
import type { Commit } from "../../sim/engine/index.js";
import { changesOf } from "./mirror.js";

export function describeCommit(commit: Commit, at: number): string {
  const said = [
    ...changesOf(commit, "conversations").map(({ before, after }) =>
      after
        ? `${after.conversationId} ${before?.state ?? "new"}→${after.state} in ${after.pool}${after.holder === undefined ? "" : ` by ${after.holder}`}`
        : "",
    ),
    ...changesOf(commit, "messageQueue").map(({ before, after }) =>
      after ? `message of ${after.conversationId} ${before?.status ?? "new"}→${after.status}` : "",
    ),
    ...changesOf(commit, "leases").map(({ before, after }) =>
      after ? `lease of ${after.worker} ${before?.state ?? "new"}→${after.state}` : "",
    ),
    ...changesOf(commit, "alarms").map(({ before, after }) => {
      const alarm = after ?? before;
      return alarm ? `${after ? "+" : "-"}${alarm.kind}@${ofDay(alarm.at)}` : "";
    }),
    ...changesOf(commit, "lines").map(({ after }) =>
      after
        ? `+line@${ofDay(after.until)} saturated ${after.lanes.map(({ lane, saturated }) => `${lane}: ${saturated.join("+")}`).join(", ")}`
        : "",
    ),
    ...changesOf(commit, "wakes").map(({ after }) =>
      after ? `ring ${after.worker} at ${ofDay(after.at)}` : "",
    ),
  ];
  const started = ofDay(Number(commit.since / 1_000_000n));
  return `${ofDay(at)} (saw ${started}) ${commit.writer}: ${said.filter((one) => one !== "").join("; ")}`;
}

/** Seconds since midnight: schedules begin there. */
const ofDay = (ms: number): string => ((ms % 86_400_000) / 1_000).toFixed(3);
