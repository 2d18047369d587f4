/** What a user sees of an agent, derived from stored facts. Nothing here looks at the clock: due states are stored. */

export interface AgentFacts {
  /** The profile is there and enabled. */
  enabled: boolean;
  /** Of the user's newest binding with the agent; null: there never was one. */
  binding: "active" | "revoked" | null;
  /** Of the user's newest pairing code for the agent. */
  pairing: "pending" | "used" | "expired" | null;
}

export type UserAgentStatus = "draft" | "pairing" | "active" | "disabled" | "failed";

/** Bound wins, then a code that waits, then what ended, then nothing yet. */
export function agentStatus({ enabled, binding, pairing }: AgentFacts): UserAgentStatus {
  if (binding === "active") return enabled ? "active" : "failed";
  if (pairing === "pending") return "pairing";
  return binding === "revoked" || !enabled ? "disabled" : "draft";
}

/** `used` while bound; of a code that was used by a binding that has ended nothing is left to say. */
export function pairingStatus({ binding, pairing }: AgentFacts): AgentFacts["pairing"] {
  if (binding === "active") return "used";
  return pairing === "used" ? null : pairing;
}
