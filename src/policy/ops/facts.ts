/** What is known about a message and everything that could serve it. Plain data; times are epoch ms. */

import type { SilentOwner } from "./workers.js";

export interface Problem {
  code: string;
  message: string;
  at: number;
}

export interface MachineFacts {
  step: "launching" | "booting" | "running" | "retiring" | "stopped";
  machineId?: string;
  /** When the present step counts as stuck. */
  stepDeadlineAt: number;
  drain?: { reason: string; deadlineAt: number };
  problem?: Problem;
  /** Its launch failed for good: the next pass takes it away. */
  gaveUp?: boolean;
}

/** A worker that takes, or could take, work. */
export interface ServerFacts {
  worker: string;
  lanes: readonly string[];
  /** null: any. */
  workspace: string | null;
  active: boolean;
  /** Holds no message, and no conversation but the one in question. */
  free: boolean;
  /** It has called at least once. */
  hasCalled: boolean;
  /** null: somebody else runs it. */
  machine: MachineFacts | null;
  /** Until when its last sign of life counts; null: none that was recorded. */
  aliveUntil: number | null;
}

/** The worker that holds the conversation's memory. */
export interface OwnerFacts extends ServerFacts {
  /** It was asked to save and give the conversation up, or an upload is under way. */
  saving: boolean;
  /** When it was asked to, and the conversation is free even if it does not; null: it was not asked. */
  freeAt: number | null;
}

export type BlockedReason =
  | "worker_cap"
  | "launch_unsettled"
  | "workspace_cap"
  | "budget"
  | "launch_step"
  | "launches_paused"
  | "predecessor";

export interface FleetFacts {
  lanes: readonly string[];
  hasConfig: boolean;
  /** Blank fields of the provider configuration. */
  blank: readonly string[];
  /** Names of missing secrets, the first one the pass would stop at first. */
  missingSecrets: readonly string[];
  /** Why the last pass failed, or the last launch; null: they went well. */
  problem: Problem | null;
  /** A launch failed and no machine has come up since. */
  launchFailing: boolean;
  launchesPausedUntil: number | null;
  /** What the last pass noted for this conversation. */
  blocked: BlockedReason | null;
  /** What it noted for others, where that holds for everyone behind them. */
  blockedOthers: BlockedReason | null;
  nextPassAt: number | null;
  lastPassAt: number | null;
  limits: {
    maxWorkers: number;
    maxWorkersPerWorkspace: number;
    spawnStep: number;
    dailyMachineHours: number;
  };
  /** Machines made for this conversation lately that never served. */
  failedBoots: readonly { worker: string; reason: string }[];
}

export interface ConversationFacts {
  state: "idle" | "ready" | "held" | "backoff";
  conversationId: string;
  workspace: string;
  lane: string;
  wakeAt: number | null;
  attempts: number;
  maxAttempts: number;
  lastError: string | null;
  /** The last failure of the message in front blamed a service: since when they do, and when it becomes a dead letter. */
  serviceDown: { since: number; giveUpAt: number } | null;
  /** A delivery of the message in front has failed. */
  hasFailed: boolean;
  /** The message in front waits for its files; `collecting`: further parts of its album may come. */
  waitsForFiles: { collecting: boolean } | null;
  /** When the queue looks at waiting conversations again. */
  nextLookAt: number | null;
}

export interface MessageFacts {
  message: {
    status: "delayed" | "queued" | "done" | "dead_letter";
    dueAt: number;
    endedAt: number | null;
    attempts: number;
    lastError: string | null;
    /** Next in line of its conversation, or in flight. */
    isHead: boolean;
  };
  /** The message in front; null: none is. */
  head: { messageId: string } | null;
  conversation: ConversationFacts;
  lease: { worker: string; expiresAt: number; replyRecorded: boolean } | null;
  owner: OwnerFacts | null;
  /** It held the memory and is silent; the conversation is free for others. */
  silentOwner: SilentOwner | null;
  /** Workers that could take it, and as many others as explain why none does. */
  servers: readonly ServerFacts[];
  fleet: FleetFacts;
}
