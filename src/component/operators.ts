/** What operators and administrators ask and set: light, and rare. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
export * from "./operators.generated.js";
