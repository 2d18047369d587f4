/** Why a message has not been answered: the first rule that applies, in the order in which the system itself decides. */
import type { Verdict } from "../../contract/ops.js";
import { explainFleet } from "./explainFleet.js";
import type {
  ConversationFacts,
  MachineFacts,
  MessageFacts,
  OwnerFacts,
  Problem,
  ServerFacts,
} from "./facts.js";
import { missingLane } from "../queue/servable.js";
import { laneFix, timeText, verdict } from "./words.js";
import { startAgain, type SilentOwner } from "./workers.js";
import { canServe } from "../queue/canServe.js";

export interface Explained extends Verdict {
  /** For `behind_earlier`: the message in front, explained. */
  behind: ({ messageId: string } & Verdict) | null;
}

export function explain(facts: MessageFacts): Explained {
  const { message, head } = facts;
  if (message.status !== "queued" || message.isHead || head === null)
    return { ...explainAlone(facts), behind: null };
  const front = explainHead(facts);
  return {
    reason: "behind_earlier",
    text: `It waits behind message ${head.messageId} of its conversation. ${front.text}`,
    fix: front.fix,
    nextLookAt: front.nextLookAt,
    behind: { messageId: head.messageId, ...front },
  };
}

function explainAlone(facts: MessageFacts): Verdict {
  const { message } = facts;
  switch (message.status) {
    case "done":
      return verdict(
        "answered",
        `It was answered${message.endedAt === null ? "" : ` at ${timeText(message.endedAt)}`}.`,
      );
    case "dead_letter":
      return verdict(
        "dead_letter",
        `It failed for good after ${message.attempts} attempts: ${message.lastError ?? "no error was given"}`,
        null,
        "Remove the cause, then send it round again with redriveDeadLetter.",
      );
    case "delayed":
      return verdict(
        "delayed",
        `It is due at ${timeText(message.dueAt)} and comes into line then.`,
        message.dueAt,
      );
    case "queued":
      return explainHead(facts);
  }
}

/** The message that is next in its conversation, or in flight. */
function explainHead(facts: MessageFacts): Verdict {
  const { conversation } = facts;
  switch (conversation.state) {
    case "held":
      return inFlight(facts);
    case "backoff":
      return backoff(conversation);
    case "idle":
      return verdict(
        "in_line",
        "It was put into line just now, or got lost on the way there; the upkeep of the next minute sees to it.",
        conversation.nextLookAt,
      );
    case "ready":
      return facts.owner ? withOwner(facts, facts.owner) : withoutOwner(facts);
  }
}

function inFlight({ conversation, lease }: MessageFacts): Verdict {
  const attempt = `attempt ${conversation.attempts + 1} of ${conversation.maxAttempts}`;
  if (!lease) return verdict("in_flight", `A worker has it (${attempt}).`);
  const doing = lease.replyRecorded ? "has its reply and is sending it" : "is working on it";
  return verdict(
    "in_flight",
    `Worker ${lease.worker} ${doing}, ${attempt}. Unless renewed, its lease ends at ${timeText(lease.expiresAt)}.`,
    lease.expiresAt,
  );
}

function backoff(conversation: ConversationFacts): Verdict {
  const { attempts, maxAttempts, lastError, wakeAt, waitsForFiles, serviceDown, hasFailed } = conversation;
  const until = wakeAt === null ? "soon" : `at ${timeText(wakeAt)}`;
  // Before the first attempt there is nothing to back off from.
  if (waitsForFiles && !hasFailed) {
    const what = waitsForFiles.collecting
      ? "further parts of its album and its files"
      : "its files to be fetched";
    return verdict(
      "attachments",
      `It waits for ${what}; it goes on without them ${until} at the latest.`,
      wakeAt,
    );
  }
  if (serviceDown) {
    return {
      reason: "service_down",
      text: `It waits for a service that its answer needs and that has been failing since ${timeText(serviceDown.since)}: ${lastError ?? "no error was given"}. This costs it no attempt. The next try comes ${until}; if none succeeds by ${timeText(serviceDown.giveUpAt)}, it becomes a dead letter.`,
      fix: "Bring the service back; the next try comes by itself.",
      nextLookAt: wakeAt,
    };
  }
  return {
    reason: "backoff",
    text: `Attempt ${attempts} of ${maxAttempts} failed: ${lastError ?? "no error was given"}. The next one comes ${until}.`,
    fix: "Remove the cause of the error; the next attempt comes by itself.",
    nextLookAt: wakeAt,
  };
}

/** One worker holds the conversation's memory on its disk, so only that one may answer. */
function withOwner(facts: MessageFacts, owner: OwnerFacts): Verdict {
  const { conversation } = facts;
  const { lane, workspace } = conversation;
  const { machine } = owner;
  if (machine && isStarting(owner)) return starting(facts, owner, machine);
  if (!owner.active || machine?.step === "retiring") return draining(facts, owner);
  if (isLost(facts, owner)) return ownerLost(facts, owner);
  if (!canServe(owner, conversation)) {
    return {
      reason: "lane_unserved",
      text: `Worker ${owner.worker} holds the conversation's memory, but does not serve lane '${lane}' of workspace '${workspace}'. ${untilFree(owner)}`,
      fix: `Use a lane that ${owner.worker} serves (${owner.lanes.join(", ")}), or stop that worker and ${laneFix(conversation)}`,
      nextLookAt: owner.freeAt ?? owner.aliveUntil,
    };
  }
  if (owner.saving) {
    return verdict(
      "owner_saving",
      `Worker ${owner.worker} is saving the conversation's memory; it takes the message afterwards, or lets another worker restore and take it.`,
      facts.fleet.nextPassAt ?? conversation.nextLookAt,
    );
  }
  const silent =
    owner.aliveUntil === null
      ? ""
      : ` It counts as alive until ${timeText(owner.aliveUntil)} without a further sign.`;
  return verdict(
    "owner_polling",
    `Worker ${owner.worker} holds the conversation's memory and takes the message when it polls next.${silent}`,
    owner.aliveUntil ?? conversation.nextLookAt,
  );
}

/** It is asked with its next poll. */
const untilFree = ({ freeAt }: OwnerFacts): string =>
  freeAt === null
    ? "It is asked to save and let go with its next poll; then others may take it."
    : `It was asked to save and let go; from ${timeText(freeAt)} on others may take it even if it does not.`;

function draining({ fleet, conversation }: MessageFacts, { worker, machine }: OwnerFacts): Verdict {
  const why = machine?.drain ? ` (reason: ${machine.drain.reason})` : "";
  const until = machine?.drain
    ? ` It is stopped at ${timeText(machine.drain.deadlineAt)} at the latest.`
    : "";
  return verdict(
    "owner_draining",
    `Worker ${worker} holds the conversation's memory and is being drained${why}: it saves, and another worker takes the message.${until}`,
    fleet.nextPassAt ?? machine?.drain?.deadlineAt ?? conversation.nextLookAt,
  );
}

function ownerLost(
  { fleet, conversation }: MessageFacts,
  { worker, machine, aliveUntil }: ServerFacts,
): Verdict {
  const next =
    machine === null
      ? "The next look frees the conversation for other workers."
      : "The next pass looks at its machine and replaces it if it is dead.";
  return verdict(
    "owner_silent",
    `Worker ${worker}, which holds the conversation's memory, counted as alive until ${timeText(aliveUntil ?? 0)} and has given no sign of life since. ${next}`,
    fleet.nextPassAt ?? conversation.nextLookAt,
  );
}

function starting({ fleet }: MessageFacts, { worker }: ServerFacts, machine: MachineFacts): Verdict {
  const boots = explainFleet.bootTrouble(fleet);
  if (machine.step === "booting") {
    return {
      reason: "booting",
      text: `Machine ${machine.machineId ?? "(id unknown)"} of worker ${worker} is booting. It must call by ${timeText(machine.stepDeadlineAt)}, or it is replaced.${boots?.text ?? ""}`,
      fix: boots?.fix ?? null,
      nextLookAt: fleet.nextPassAt ?? machine.stepDeadlineAt,
    };
  }
  if (machine.problem)
    return { ...explainProblem(machine.problem, worker, machine), nextLookAt: machine.stepDeadlineAt };
  return verdict(
    "launching",
    `A machine for worker ${worker} is ordered. If nothing is heard of it by ${timeText(machine.stepDeadlineAt)}, the order is taken up again.${boots?.text ?? ""}`,
    fleet.nextPassAt ?? machine.stepDeadlineAt,
  );
}

function explainProblem(problem: Problem, worker: string, { gaveUp }: MachineFacts): Verdict {
  const verdict = explainFleet.problem(problem);
  const what = gaveUp ? "was given up" : "could not be made";
  return { ...verdict, text: `The machine of worker ${worker} ${what}. ${verdict.text}` };
}

/** Any worker of its lane may take it. */
function withoutOwner(facts: MessageFacts): Verdict {
  const { conversation, servers, fleet } = facts;
  const able = servers.filter(
    (server) => server.active && canServe(server, conversation) && !isLost(facts, server),
  );
  const free = able.filter((server) => server.free);
  const awake = free.find((server) => !isStarting(server));
  if (awake) {
    return verdict(
      "worker_polling",
      `Worker ${awake.worker} is free and takes it, or one before it in line, when it polls next.`,
      awake.aliveUntil ?? conversation.nextLookAt,
    );
  }
  const [starts] = free;
  if (starts?.machine) return starting(facts, starts, starts.machine);
  const launched = fleet.lanes.includes(conversation.lane);
  if (launched && fleet.hasConfig) return explainFleet.waiting(facts);
  if (able.length === 0 && facts.silentOwner) return ownerSilent(conversation, facts.silentOwner);
  if (able.length > 0) {
    return {
      reason: "in_line",
      text: `It waits for its turn: all ${able.length} workers of lane '${conversation.lane}' are busy.`,
      fix: "Start further workers for this lane if that takes too long.",
      nextLookAt: conversation.nextLookAt,
    };
  }
  return launched ? explainFleet.noConfig(conversation) : unserved(facts);
}

function ownerSilent(conversation: ConversationFacts, { worker, since, keptUntil }: SilentOwner): Verdict {
  const { lane } = conversation;
  return {
    reason: "owner_silent",
    text: `Worker ${worker}, which holds the conversation's memory, has given no sign of life since ${timeText(since)}. Any other worker of lane '${lane}' may take it, but there is none.`,
    fix: `${startAgain(worker)}; or ${laneFix(conversation)}`,
    nextLookAt: keptUntil,
  };
}

function unserved({ conversation, servers, fleet }: MessageFacts): Verdict {
  const missing = missingLane(conversation, servers);
  const alone = `The fleet launches workers for ${fleet.lanes.map((lane) => `'${lane}'`).join(", ")} only.`;
  return {
    reason: "lane_unserved",
    text: `${missing?.message ?? `No worker serves lane '${conversation.lane}'.`} ${alone}`,
    fix: laneFix(conversation),
    nextLookAt: null,
  };
}

/** Once its worker has called, the machine is up, whatever the last pass knew. */
const isStarting = ({ machine, hasCalled }: ServerFacts): boolean =>
  !hasCalled && (machine?.step === "launching" || machine?.step === "booting");

/** By what is certainly past. Whoever looks after silent workers has not been here since. */
const isLost = ({ message, fleet }: MessageFacts, { aliveUntil }: ServerFacts): boolean =>
  aliveUntil !== null && aliveUntil < Math.max(message.dueAt, fleet.lastPassAt ?? 0);
