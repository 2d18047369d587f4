import { describe, expect, it } from "vitest";
import { findingsOf, type HealthFacts } from "./health.js";

const T = Date.UTC(2030, 0, 1);
const well: HealthFacts = {
  hasConfig: true,
  blank: [],
  missingSecrets: [],
  problem: null,
  launchesPausedUntil: null,
  stuck: [],
  unlisted: [],
  budgetUsed: null,
  silent: [],
  failedMachines: [],
  silentOwners: [],
  holdsOn: [],
  refused: [],
  quarantined: null,
  orphans: { count: 0, failing: null },
  lanes: [],
  moreLanes: false,
  blocked: [],
  secrets: [],
  accounts: [],
};
const problem = { code: "provider_failed", message: "Fly API GET /apps/a failed: 401", at: T };
const words = { name: "Telegram", account: "Bot", setUp: "Set it up again." };
const bot = { words, accountId: "42", agentKey: "sales", verified: true, elsewhere: false, lastError: null };

type Case = [facts: Partial<HealthFacts>, severity: string, code: string, says: string];
const cases: Case[] = [
  [
    { silentOwners: [{ worker: "laptop", conversationId: "c1", since: T, keptUntil: T + 1_000 }] },
    "info",
    "owner_silent",
    "Worker laptop has given no sign of life since 2030-01-01T00:00:00.000Z",
  ],
  [
    { holdsOn: [{ worker: "laptop", conversationId: "c1", askedAt: T }] },
    "warning",
    "owner_holds_on",
    "asked at 2030-01-01T00:00:00.000Z to save and give up conversation 'c1'",
  ],
  [
    { refused: [{ code: "worker_id_in_use", count: 3, tokenIds: ["t1"] }] },
    "warning",
    "worker_id_in_use",
    "3 call(s) were refused because the worker id is in use by another process: token t1",
  ],
  [
    { refused: [{ code: "worker_id_taken", count: 1, tokenIds: [] }] },
    "warning",
    "worker_id_taken",
    "belongs to another token.",
  ],
  [{ hasConfig: false }, "info", "provider_config_absent", "no machines are launched"],
  [{ blank: ["region"] }, "error", "provider_config_missing", "Missing providerConfig.region."],
  [
    { missingSecrets: ["fly.apiToken"] },
    "error",
    "fly_token_missing",
    "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
  ],
  [
    { missingSecrets: ["convex.url"] },
    "error",
    "convex_url_missing",
    "Missing Convex URL. Import an active 'convex.url' secret or pass convexUrl explicitly.",
  ],
  [{ problem }, "error", "provider_failed", "401"],
  [
    { problem: { ...problem, code: "provider_unsupported", message: "Unsupported provider 'ecs'" } },
    "error",
    "provider_unsupported",
    "Unsupported provider 'ecs'",
  ],
  [{ launchesPausedUntil: T }, "warning", "launches_paused", "2030-01-01T00:00:00.000Z"],
  [
    {
      lanes: [
        { lane: "gpu", workspace: "acme", reason: "unlisted", message: "No worker lists the lane 'gpu'." },
      ],
    },
    "error",
    "lane_unserved",
    "No worker lists the lane 'gpu'.",
  ],
  [
    { stuck: [{ worker: "w1", step: "retiring", failures: 4, gaveUp: false, problem }] },
    "error",
    "machine_stuck",
    "w1 is stuck while retiring after 4 failures: Fly API",
  ],
  [
    { stuck: [{ worker: "w1", step: "launching", failures: 1, gaveUp: true, problem }] },
    "error",
    "machine_stuck",
    "The launch of the machine of worker w1 was given up: Fly API",
  ],
  [{ silent: ["w1"] }, "warning", "worker_silent", "w1 gave no sign of life"],
  [
    { failedMachines: [{ worker: "w1", image: "img:1", reason: "died_at_boot" }] },
    "warning",
    "machine_died_at_boot",
    "before its worker called (image img:1)",
  ],
  [
    { quarantined: { count: 2, firstDeletedAt: T } },
    "warning",
    "volumes_quarantined",
    "2 volume(s) hold memory that is in no snapshot",
  ],
  [{ orphans: { count: 1, failing: null } }, "info", "orphans_found", "second listing"],
  [{ orphans: { count: 1, failing: problem } }, "error", "orphans_found", "failed: Fly API"],
  [
    { blocked: [{ reason: "worker_cap", conversations: 3 }] },
    "warning",
    "blocked_worker_cap",
    "3 conversation(s)",
  ],
  [{ blocked: [{ reason: "budget", conversations: 1 }] }, "error", "blocked_budget", "budget"],
  [
    { secrets: [{ code: "master_key_generated", message: "kept" }] },
    "warning",
    "master_key_generated",
    "kept",
  ],
  [
    { secrets: [{ code: "secret_key_unavailable", message: "gone" }] },
    "error",
    "secret_key_unavailable",
    "gone",
  ],
  [{ accounts: [{ ...bot, elsewhere: true }] }, "error", "webhook_path_mismatch", "Bot 42 (agent 'sales')"],
  [{ accounts: [{ ...bot, verified: false }] }, "error", "webhook_not_verified", "does not deliver"],
  [{ accounts: [{ ...bot, lastError: "502" }] }, "warning", "webhook_error", "502"],
];

describe("findings of the health report", () => {
  it.each(cases)("%j", (facts, severity, code, says) => {
    const [first, ...others] = findingsOf({ ...well, ...facts });
    expect(others).toEqual([]);
    expect(first).toMatchObject({ severity, code });
    expect(first?.text).toContain(says);
  });
  it("are none when all is well", () => {
    expect(findingsOf({ ...well, accounts: [bot] })).toEqual([]);
  });
  it("name one cause once, errors first", () => {
    const found = findingsOf({
      ...well,
      missingSecrets: ["fly.apiToken"],
      problem: { code: "fly_token_missing", message: "Missing Fly API token.", at: T },
      secrets: [{ code: "master_key_absent", message: "x" }],
      silent: ["w1"],
      orphans: { count: 1, failing: problem },
    });
    expect(found.map(({ code }) => code)).toEqual([
      "fly_token_missing",
      "orphans_found",
      "worker_silent",
      "master_key_absent",
    ]);
  });
});
