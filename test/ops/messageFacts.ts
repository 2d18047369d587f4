/** Facts of a message that waits in the `default` lane of a fleet that works, and changes of them. */
import type { Reason } from "../../src/contract/ops.js";
import type {
  FleetFacts,
  MachineFacts,
  MessageFacts,
  OwnerFacts,
  ServerFacts,
} from "../../src/policy/ops/facts.js";

export const T = Date.UTC(2030, 0, 1, 12);
export const later = T + 60_000;

const fleet: FleetFacts = {
  lanes: ["default"],
  hasConfig: true,
  blank: [],
  missingSecrets: [],
  problem: null,
  launchFailing: false,
  launchesPausedUntil: null,
  blocked: null,
  blockedOthers: null,
  nextPassAt: later,
  lastPassAt: T,
  limits: { maxWorkers: 2, maxWorkersPerWorkspace: 1, spawnStep: 1, dailyMachineHours: 240 },
  failedBoots: [],
};
export const machine: MachineFacts = {
  step: "running",
  machineId: "m1",
  stepDeadlineAt: T + 90_000,
};
export const server: ServerFacts = {
  worker: "w1",
  lanes: ["default"],
  workspace: null,
  active: true,
  free: true,
  hasCalled: false,
  machine: null,
  aliveUntil: T + 30_000,
};
export const owner: OwnerFacts = { ...server, machine, saving: false, freeAt: null };
export const failed = {
  code: "provider_failed",
  message: "Fly API POST /apps/a/machines failed: no such image",
  at: T,
};

export interface Change {
  message?: Partial<MessageFacts["message"]>;
  head?: MessageFacts["head"];
  conversation?: Partial<MessageFacts["conversation"]>;
  lease?: MessageFacts["lease"];
  owner?: OwnerFacts;
  silentOwner?: MessageFacts["silentOwner"];
  servers?: ServerFacts[];
  fleet?: Partial<FleetFacts>;
}
export const facts = (change: Change): MessageFacts => ({
  message: {
    status: "queued",
    dueAt: T,
    endedAt: null,
    attempts: 0,
    lastError: null,
    isHead: true,
    ...change.message,
  },
  head: change.head === undefined ? { messageId: "first" } : change.head,
  conversation: {
    state: "ready",
    conversationId: "c1",
    workspace: "acme",
    lane: "default",
    wakeAt: null,
    attempts: 0,
    maxAttempts: 5,
    lastError: null,
    serviceDown: null,
    hasFailed: false,
    waitsForFiles: null,
    nextLookAt: T + 5_000,
    ...change.conversation,
  },
  lease: change.lease ?? null,
  owner: change.owner ?? null,
  silentOwner: change.silentOwner ?? null,
  servers: change.servers ?? [],
  fleet: { ...fleet, ...change.fleet },
});

/** Change, reason, words that the text must have, words of the fix (null: none), when it is looked at again. */
export type Case = [
  what: string,
  Change,
  Reason,
  says: string,
  fix: string | null,
  nextLookAt: number | null,
];
