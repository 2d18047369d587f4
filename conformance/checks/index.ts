/** Every check that needs no trial of its own. */
import { failing, recording, sending } from "./answers.js";
import type { Check } from "./check.js";
import { credentials, form } from "./credentials.js";
import { claims, losses, renewals } from "./leases.js";

export const checks: readonly Check[] = [
  credentials,
  form,
  claims,
  renewals,
  losses,
  recording,
  failing,
  sending,
];
