/** What a worker asks once in its life or once in a while: its memory, its skills, files, a word about itself. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
export * from "./workers.generated.js";
