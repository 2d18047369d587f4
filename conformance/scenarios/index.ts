import { conversation } from "./conversation.js";
import { delivery, engineFailure, hydration, newerServer } from "./failures.js";
import { idleStop, longRun, lostByHeartbeat, lostBySettle, toldToStop } from "./leases.js";
import { outage, writes } from "./outage.js";
import { otherRefusals, revokedToken, unknownToken } from "./refused.js";
import { restart } from "./restart.js";
import type { Scenario } from "./scenario.js";

/** All trials, the longest first: they run beside each other. */
export const scenarios: readonly Scenario[] = [
  idleStop,
  outage,
  otherRefusals,
  longRun,
  restart,
  writes,
  delivery,
  lostByHeartbeat,
  lostBySettle,
  conversation,
  toldToStop,
  engineFailure,
  hydration,
  newerServer,
  revokedToken,
  unknownToken,
];
