/** What is wrong with the fleet and its surroundings, with a fix for each finding. */
import type { Finding } from "../../contract/ops.js";
import { blankFieldsMessage } from "../fleet/providerConfig.js";
import type { MissingLane } from "../queue/servable.js";
import { explainFleet, missingSecret } from "./explainFleet.js";
import type { Problem } from "./facts.js";
import { laneFix, sentence, timeText } from "./words.js";
import { workerFindings, type WorkerTrouble } from "./workers.js";

/** What every launch needs. */
export interface ConfigFacts {
  hasConfig: boolean;
  blank: readonly string[];
  missingSecrets: readonly string[];
  problem: Problem | null;
  launchesPausedUntil: number | null;
}

export interface HealthFacts extends ConfigFacts, WorkerTrouble {
  /** Machines whose step was overdue at the last pass, failed at least three times in a row, or was given up. */
  stuck: readonly StuckMachine[];
  /** Machines that the provider's last list lacked. */
  unlisted: readonly string[];
  /** Machines drained because their worker gave no sign of life. */
  silent: readonly string[];
  /** Of the machines that ended last: those that never served, or were lost. */
  failedMachines: readonly { worker: string; image: string; reason: string }[];
  quarantined: { count: number; firstDeletedAt: number } | null;
  orphans: { count: number; failing: Problem | null };
  lanes: readonly MissingLane[];
  /** Something waits in more lanes than were looked at. */
  moreLanes: boolean;
  /** The day's machine hours were used up at the last pass: how many there are; null: they were not. */
  budgetUsed: number | null;
  /** How many conversations got no machine in the last pass, by reason. */
  blocked: readonly { reason: string; conversations: number }[];
  secrets: readonly { code: string; message: string }[];
  accounts: readonly AccountFacts[];
}

interface StuckMachine {
  worker: string;
  step: string;
  failures: number;
  /** Its launch failed for good. */
  gaveUp: boolean;
  problem: Problem | null;
}

/** An account of a channel that calls the app. */
export interface AccountFacts {
  /** How the channel and its accounts are called, and what to do when it does not deliver. */
  words: { name: string; account: string; setUp: string };
  accountId: string;
  agentKey: string | null;
  /** The channel delivers to the URL that was set. */
  verified: boolean;
  /** The URL that was set is not where the app mounted the webhook, or the other way round. */
  elsewhere: boolean;
  lastError: string | null;
}

const order = { error: 0, warning: 1, info: 2 } as const;

/** Errors first; within a severity in the order of `findings`. */
export function findingsOf(facts: HealthFacts): Finding[] {
  const findings = [
    ...configFindings(facts),
    ...facts.lanes.map(laneFinding),
    ...(facts.moreLanes ? [moreLanesFinding] : []),
    ...machineFindings(facts),
    ...workerFindings(facts),
    ...leftoverFindings(facts),
    ...budgetFindings(facts),
    ...facts.blocked
      .filter(({ reason }) => reason !== "budget" || facts.budgetUsed === null)
      .map(blockedFinding),
    ...facts.secrets.map(secretFinding),
    ...facts.accounts.flatMap((account) => [...accountFindings(account)]),
  ];
  return findings.sort((a, b) => order[a.severity] - order[b.severity]);
}

type Said = [code: string, text: string, fix: string | null];
const finding = (severity: Finding["severity"], ...[code, text, fix]: Said): Finding => ({
  severity,
  code,
  text,
  fix,
});
const error = (...said: Said): Finding => finding("error", ...said);
const warning = (...said: Said): Finding => finding("warning", ...said);
const info = (...said: Said): Finding => finding("info", ...said);

export function* configFindings(facts: ConfigFacts): Generator<Finding> {
  if (!facts.hasConfig) {
    yield info(
      "provider_config_absent",
      "No provider configuration is stored, so no machines are launched: only workers that somebody else runs take messages.",
      "Store one with setProviderRuntimeConfig if the fleet shall launch machines.",
    );
    return;
  }
  const { problem, launchesPausedUntil } = facts;
  const secrets = facts.missingSecrets.map(missingSecret);
  const isBlank = facts.blank.length > 0;
  if (isBlank) {
    yield error(
      "provider_config_missing",
      blankFieldsMessage([...facts.blank]),
      "Store the missing fields with setProviderRuntimeConfig.",
    );
  }
  for (const { code, text, fix } of secrets) yield error(code, text, fix);
  const said = [...(isBlank ? ["provider_config_missing"] : []), ...secrets.map(({ code }) => code)];
  if (problem && !said.includes(problem.code)) {
    const { text, fix } = explainFleet.problem(problem);
    yield error(problem.code, text, fix);
  }
  if (launchesPausedUntil !== null) {
    yield warning(
      "launches_paused",
      `Launches rest until ${timeText(launchesPausedUntil)} because the last one failed.`,
      "Mend what the failure names; the next launch comes by itself.",
    );
  }
}

const laneFinding = ({ lane, workspace, message }: MissingLane): Finding =>
  error("lane_unserved", `Messages wait. ${message}`, sentence(laneFix({ lane, workspace })));

const moreLanesFinding = warning(
  "lanes_not_all_seen",
  "Messages wait in more lanes, or for more workspaces, than this report looks at: others may be unserved, too.",
  "Serve or empty the lanes that are named here; explainMessage tells about a single message of any lane.",
);

function stuckFinding({ worker, step, failures, gaveUp, problem }: StuckMachine): Finding {
  const cause = problem ? `: ${problem.message}` : ".";
  const tries = failures > 0 ? ` after ${failures} failures` : "";
  return gaveUp
    ? error(
        "machine_stuck",
        `The launch of the machine of worker ${worker} was given up${cause}`,
        "Mend what the failure names; the next pass takes the machine away and its conversation gets another one.",
      )
    : error(
        "machine_stuck",
        `The machine of worker ${worker} is stuck while ${step}${tries}${cause}`,
        "Mend what the failure names; the fleet goes on trying. fleetOverview shows the machine.",
      );
}

function* machineFindings(facts: HealthFacts): Generator<Finding> {
  yield* facts.stuck.map(stuckFinding);
  for (const [index, worker] of facts.unlisted.slice(0, MAX_NAMED).entries()) {
    const more = index === MAX_NAMED - 1 ? moreText(facts.unlisted) : "";
    yield warning(
      "machine_unlisted",
      `The provider's list lacks the machine of worker ${worker}${more}. Nothing is done about it while its worker calls; once that is silent, the provider is asked for this machine.`,
      "Nothing is needed if the provider has a bad hour: see its status page. Else compare appName and the token with where the machines are.",
    );
  }
  for (const worker of facts.silent) {
    yield warning(
      "worker_silent",
      `Worker ${worker} gave no sign of life and is being replaced.`,
      "Look at its machine's log: it may not reach the deployment.",
    );
  }
  for (const { worker, image, reason } of facts.failedMachines) {
    yield warning(
      `machine_${reason}`,
      `The machine of worker ${worker} ended: ${failureText[reason] ?? reason} (image ${image}).`,
      reason === "machine_lost"
        ? "Its conversation goes on elsewhere. If it repeats, look at the machine's log and its memory size."
        : "Look at the machine's log: the image may not start, or may not reach the deployment.",
    );
  }
}

/** As many are named; a list that is wrongly empty lacks them all. */
const MAX_NAMED = 5;
const moreText = ({ length }: readonly string[]): string =>
  length > MAX_NAMED ? ` and of ${length - MAX_NAMED} more` : "";

const failureText: Readonly<Record<string, string>> = {
  never_launched: "the provider could not make it",
  never_booted: "its worker never called",
  died_at_boot: "it stopped before its worker called",
  machine_lost: "the provider does not show it running any more",
};

function* leftoverFindings({ quarantined, orphans }: HealthFacts): Generator<Finding> {
  if (quarantined) {
    yield warning(
      "volumes_quarantined",
      `${quarantined.count} volume(s) hold memory that is in no snapshot. The first is deleted at ${timeText(quarantined.firstDeletedAt)}.`,
      "A message to its conversation has the volume mounted and saved again; deleteFlyVolume with force discards it.",
    );
  }
  if (orphans.count > 0) {
    const trouble = orphans.failing ? ` The last attempt failed: ${orphans.failing.message}` : "";
    yield (orphans.failing ? error : info)(
      "orphans_found",
      `${orphans.count} machine(s) or volume(s) of this deployment have no owner and are collected once a second listing confirms them.${trouble}`,
      "See orphanReport; collectOrphans does not wait for the next listing.",
    );
  }
}

const blockedFix: Readonly<Record<string, string>> = {
  worker_cap: "Raise scaling.maxWorkers with setPolicies, or wait.",
  launch_unsettled:
    "Nothing is needed: once a creation whose outcome is not known yet cannot come any more, its place is free.",
  workspace_cap: "Raise fleet.maxWorkersPerWorkspace with setPolicies, or wait.",
  budget: "Raise fleet.dailyMachineHours with setPolicies, or wait for the next UTC day.",
  launch_step: "Nothing is needed: the next passes order more.",
  launches_paused: "Mend what the failed launch names; launches go on by themselves.",
};

function* budgetFindings({ budgetUsed, blocked }: HealthFacts): Generator<Finding> {
  if (budgetUsed === null) return;
  const wait = blocked.find(({ reason }) => reason === "budget")?.conversations ?? 0;
  const text = `All ${budgetUsed} machine hours of this UTC day (fleet.dailyMachineHours) are used up: machines are drained and none is launched until 00:00 UTC. ${wait} conversation(s) wait for one.`;
  yield error("blocked_budget", text, blockedFix.budget ?? null);
}

const blockedSeverity: Readonly<Record<string, Finding["severity"]>> = {
  budget: "error",
  launch_step: "info",
  launch_unsettled: "info",
};
const blockedFinding = ({ reason, conversations }: HealthFacts["blocked"][number]): Finding =>
  finding(
    blockedSeverity[reason] ?? "warning",
    `blocked_${reason}`,
    `${conversations} conversation(s) got no machine in the last pass: ${reason}.`,
    blockedFix[reason] ?? null,
  );

const secretErrors = new Set(["master_key_invalid", "previous_master_key_invalid", "secret_key_unavailable"]);
const secretNotes = new Set(["master_key_absent", "secrets_need_rewrap"]);

const secretFinding = ({ code, message }: { code: string; message: string }): Finding =>
  finding(secretErrors.has(code) ? "error" : secretNotes.has(code) ? "info" : "warning", code, message, null);

function* accountFindings(facts: AccountFacts): Generator<Finding> {
  const { words, accountId, agentKey, verified, elsewhere, lastError } = facts;
  const { name, setUp } = words;
  const account = `${words.account} ${accountId}${agentKey === null ? "" : ` (agent '${agentKey}')`}`;
  if (elsewhere) {
    yield error(
      "webhook_path_mismatch",
      `${account}: ${name} calls another path than the one the app mounts.`,
      `Give AGENT_FACTORY_PATH_PREFIX and the pathPrefix of registerRoutes the same value. ${setUp}`,
    );
  }
  if (!verified) {
    yield error("webhook_not_verified", `${account}: ${name} does not deliver to this deployment.`, setUp);
  } else if (lastError !== null) {
    yield warning("webhook_error", `${account}: ${name}'s last delivery error was: ${lastError}`, setUp);
  }
}
