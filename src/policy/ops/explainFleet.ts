/** Why the fleet has made no machine for a conversation that no worker takes. */
import type { Reason, Verdict } from "../../contract/ops.js";
import { providerKinds } from "../../contract/providers.js";
import { blankFieldsMessage } from "../fleet/providerConfig.js";
import type { BlockedReason, ConversationFacts, FleetFacts, MessageFacts, Problem } from "./facts.js";
import { laneFix, sentence, timeText, verdict } from "./words.js";

const clouds = providerKinds.flatMap(({ kind, token }) => (token ? [{ kind, ...token }] : []));

/** Secrets that machines need, and what a pass says when one is missing: the texts of 1.0.11. */
const machineSecrets = [
  ...clouds,
  {
    secretRef: "convex.url",
    code: "convex_url_missing",
    missing: "Missing Convex URL. Import an active 'convex.url' secret or pass convexUrl explicitly.",
  },
];

export function missingSecret(ref: string): { code: string; text: string; fix: string } {
  const known = machineSecrets.find(({ secretRef }) => secretRef === ref);
  const { code = "secret_not_found", missing: text = `Missing secret '${ref}'.` } = known ?? {};
  return { code, text, fix: importFix(ref) };
}

const DAY_MS = 86_400_000;

const fixes: Readonly<Record<string, { reason: Reason; fix: string }>> = {
  ...Object.fromEntries(
    machineSecrets.map(({ code, secretRef }) => [
      code,
      { reason: "missing_secret" as const, fix: importFix(secretRef) },
    ]),
  ),
  provider_config_missing: {
    reason: "provider_config_incomplete",
    fix: "Store the missing fields with setProviderRuntimeConfig.",
  },
  provider_unsupported: {
    reason: "provider_unsupported",
    fix: `Store a configuration of kind ${clouds.map(({ kind }) => `'${kind}'`).join(" or ")} with setProviderRuntimeConfig.`,
  },
  provider_failed: {
    reason: "provider_error",
    fix: "If the provider names something that is wrong (token, app, image, region, guest), mend it with importSecret or setProviderRuntimeConfig; else wait: it is tried again.",
  },
};

function importFix(secretRef: string): string {
  return `Import the secret '${secretRef}' with importSecret.`;
}

function problem({ code, message }: Problem): Verdict {
  const known = fixes[code] ?? { reason: "fleet_error" as const, fix: "Mend what the text names." };
  return { ...known, text: message, nextLookAt: null };
}

function noConfig(conversation: ConversationFacts): Verdict {
  return {
    reason: "no_provider_config",
    text: `No worker serves lane '${conversation.lane}' of workspace '${conversation.workspace}', and no provider configuration is stored from which the fleet could launch one.`,
    fix: `Store one with setProviderRuntimeConfig, or ${laneFix(conversation)}`,
    nextLookAt: conversation.nextLookAt,
  };
}

/** A conversation of a lane that the fleet serves, for which nobody is free and nothing is ordered. */
function waiting({ conversation, fleet }: MessageFacts): Verdict {
  const verdict = causeOf(fleet, conversation);
  return { ...verdict, nextLookAt: verdict.nextLookAt ?? fleet.nextPassAt ?? conversation.nextLookAt };
}

/** For what no pass has seen: one that is ordered already, or the one that the queue orders for what is new. */
function firstPass({ nextPassAt }: FleetFacts, { nextLookAt }: ConversationFacts): number | null {
  if (nextPassAt === null || nextLookAt === null) return nextPassAt ?? nextLookAt;
  return Math.min(nextPassAt, nextLookAt);
}

function causeOf(fleet: FleetFacts, conversation: ConversationFacts): Verdict {
  if (fleet.blank.length > 0) {
    const message = blankFieldsMessage([...fleet.blank]);
    return problem({ code: "provider_config_missing", message, at: 0 });
  }
  const [secret] = fleet.missingSecrets;
  if (secret !== undefined) {
    const { text, fix } = missingSecret(secret);
    return { reason: "missing_secret", text, fix, nextLookAt: null };
  }
  if (fleet.problem && !fleet.launchFailing) return problem(fleet.problem);
  const reason = fleet.blocked ?? fleet.blockedOthers;
  if (reason !== null) return blockedBy(reason, fleet, conversation);
  if (fleet.problem && fleet.launchesPausedUntil !== null) return paused(fleet);
  const boots = bootTrouble(fleet);
  return {
    reason: "next_pass",
    text: `The fleet looks at it with its next pass and orders a machine if its limits allow.${boots?.text ?? ""}`,
    fix: boots?.fix ?? null,
    nextLookAt: firstPass(fleet, conversation),
  };
}

/** Machines for this conversation came and went without serving. */
function bootTrouble({ failedBoots }: FleetFacts): { text: string; fix: string } | null {
  const [last] = failedBoots;
  if (!last) return null;
  return {
    text: ` Earlier machines for this conversation ended without serving (${failedBoots.length}, the last one: ${last.reason}).`,
    fix: "Look at the machines' log: the image may not start, or may not reach the deployment.",
  };
}

function blockedBy(reason: BlockedReason, fleet: FleetFacts, { workspace }: ConversationFacts): Verdict {
  const { limits, lastPassAt } = fleet;
  const raise = (policy: string) => `Wait, or raise ${policy} with setPolicies.`;
  const blocked = (as: Reason, text: string, fix: string | null) => verdict(as, text, null, fix);
  switch (reason) {
    case "worker_cap":
      return blocked(
        "worker_cap",
        `All ${limits.maxWorkers} machines that scaling.maxWorkers allows exist (booting, draining and orphaned ones count) and none is free. The one that has rested longest gives way.`,
        raise("scaling.maxWorkers"),
      );
    case "launch_unsettled":
      return blocked(
        "launch_unsettled",
        `A machine was ordered whose outcome is not known yet, and with it all ${limits.maxWorkers} machines that scaling.maxWorkers allows may exist. Once it cannot come any more, at most a few minutes after it was ordered, the provider is asked.`,
        raise("scaling.maxWorkers"),
      );
    case "workspace_cap":
      return blocked(
        "workspace_cap",
        `Workspace '${workspace}' has all ${limits.maxWorkersPerWorkspace} machines that fleet.maxWorkersPerWorkspace allows.`,
        raise("fleet.maxWorkersPerWorkspace"),
      );
    case "budget": {
      const tomorrow = lastPassAt === null ? null : (Math.floor(lastPassAt / DAY_MS) + 1) * DAY_MS;
      return blocked(
        "daily_budget",
        `The ${limits.dailyMachineHours} machine hours that fleet.dailyMachineHours allows per UTC day are used up; nothing is launched before the next day${tomorrow === null ? "" : `, at ${timeText(tomorrow)}`}.`,
        raise("fleet.dailyMachineHours"),
      );
    }
    case "launch_step":
      return blocked(
        "launch_step",
        `A pass orders at most ${limits.spawnStep} machines (scaling.spawnStep); this conversation gets its own in one of the next.`,
        raise("scaling.spawnStep"),
      );
    case "launches_paused":
      return paused(fleet);
    case "predecessor":
      return verdict(
        "owner_draining",
        "The machine that held this conversation last is being taken away, and its volume, which may hold memory that was not saved, goes to the next one.",
      );
  }
}

function paused({ problem: last, launchesPausedUntil, nextPassAt }: FleetFacts): Verdict {
  const until = launchesPausedUntil === null ? "" : ` until ${timeText(launchesPausedUntil)}`;
  const cause = last ? problem(last) : null;
  return {
    reason: "launches_paused",
    text: `Launches rest${until} because the last one failed${cause ? `: ${cause.text}` : "."}`,
    fix: sentence(cause?.fix ?? "wait: it is tried again."),
    // Passes before the end of the pause change nothing.
    nextLookAt: launchesPausedUntil === null ? null : Math.max(launchesPausedUntil, nextPassAt ?? 0),
  };
}

export const explainFleet = { waiting, noConfig, problem, bootTrouble };
