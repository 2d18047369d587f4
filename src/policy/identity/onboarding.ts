/** The step of the set-up wizard, from facts alone. */

type PairingStatus = "pending" | "used" | "expired";
export type NextAction =
  "import_token" | "configure_webhook" | "create_pairing" | "complete_pairing" | "ready";

export interface OnboardingFacts {
  tokenImported: boolean;
  /** The channel confirmed that it delivers the updates of this very token to us. */
  webhookReady: boolean;
  /** The user's active binding is to this agent, with an account of the channel, at the agent's present bot. */
  paired: boolean;
  /** Status of the newest code that the agent's present bot would take. */
  pairingStatus: PairingStatus | null;
}

/** The first step that is missing. */
export function nextAction(facts: OnboardingFacts): NextAction {
  if (!facts.tokenImported) return "import_token";
  if (!facts.webhookReady) return "configure_webhook";
  if (facts.paired) return "ready";
  return facts.pairingStatus === "pending" ? "complete_pairing" : "create_pairing";
}
