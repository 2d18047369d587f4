/** What a deployment's rows add up to, and what to tell its operator. Pure. */
import type { DeploymentState } from "../../contract/deployments.js";

export interface DeploymentFacts {
  revoked: boolean;
  /** A worker said hello, or asked for work. */
  authenticated: boolean;
  claimed: boolean;
  /** Registered workers: serving, and asked to stop. */
  active: number;
  leaving: number;
}

export function deploymentState(facts: DeploymentFacts): DeploymentState {
  if (facts.revoked) return "revoked";
  if (facts.active > 0) return "connected";
  if (facts.leaving > 0) return "draining";
  return facts.claimed ? "lost" : "pending";
}

export interface Cause {
  cause: string;
  fix: string;
}

const REPROVISION = "Provision the worker again and start it with the new values.";

/** Likeliest first. The quoted texts are in the worker's log, where the troubleshooting page finds them. */
const causes: Record<DeploymentState, readonly Cause[]> = {
  pending: [
    {
      cause: "The worker was not started yet, or ended at once.",
      fix: 'Start it with the environment that was printed. "Invalid agent environment" lists every variable to correct.',
    },
    {
      cause: "BASE_INTERNAL_URL is mistyped, or its host cannot be reached from there.",
      fix: 'The log says "worker.controlPlaneUnreachable" or "BASE_INTERNAL_URL answers, but not as a worker gateway". Correct it, or open the printed hosts for outbound calls.',
    },
    {
      cause: "AGENT_TOKEN is mistyped, from another deployment, or expired.",
      fix: `The log says "AGENT_TOKEN was refused" or "AGENT_TOKEN has expired". ${REPROVISION}`,
    },
  ],
  connected: [{ cause: "A worker authenticated and asks for work.", fix: "Nothing to do." }],
  draining: [
    {
      cause: "Its workers were asked to stop: they finish what they hold, save their memory and end.",
      fix: "Wait, or start another worker with the same environment.",
    },
  ],
  lost: [
    {
      cause: "The worker was stopped, or its machine went away.",
      fix: "Start it again with the same environment. Exit code 0: it was asked to stop; 1: a restart may help; 2: its last log line says what to change.",
    },
    {
      cause: "Its network no longer lets it out.",
      fix: 'Its log says "worker.claimFailed" and its /healthz says why. It reconnects by itself.',
    },
    {
      cause: "Its token has expired: see expiresAt.",
      fix: REPROVISION,
    },
  ],
  revoked: [{ cause: "Its token was revoked: see revokedAt.", fix: REPROVISION }],
};

/** A worker that was let in but never asked for work is still starting. */
const authenticatedOnly: readonly Cause[] = [
  {
    cause: "The worker is still starting: its INIT_SCRIPT, its memory or its engine is not ready.",
    fix: 'Wait for the log line "worker.connected". /healthz of the worker says what is missing.',
  },
  {
    cause: "Its engine could not be started.",
    fix: 'The log says "The engine could not be started" and why.',
  },
];

export const deploymentCauses = (state: DeploymentState, facts: DeploymentFacts): Cause[] => [
  ...(state === "pending" && facts.authenticated ? authenticatedOnly : causes[state]),
];
