/**
 * The bodies that `lib` registers itself, because they are light and called for every message; and the contract, of which it
 * registers every row.
 */
import "../contract/agents.js";
import "../contract/audit.js";
import "../contract/broadcasts.js";
import "../contract/connections.js";
import "../contract/deadLetters.js";
import "../contract/deployments.js";
import "../contract/fleet.js";
import "../contract/identity.js";
import "../contract/ops.js";
import "../contract/policies.js";
import "../contract/probes.js";
import "../contract/pushing.js";
import "../contract/queue.js";
import "../contract/secrets.js";
import "../contract/skills.js";
import "../contract/snapshots.js";
import "../contract/telegram.js";
import "../contract/views.js";
import "../contract/workers.js";
export { enqueue } from "./queue/enqueue.js";
export { claim, poll } from "./queue/claim.js";
export { getHydrationBundle } from "./queue/hydrate.js";
export { heartbeat, renewLease } from "./queue/heartbeat.js";
export { settle, complete, fail } from "./queue/settle.js";
export { appendConversationMessages } from "./queue/append.js";
export { getWorkerControlState } from "./workers/reads.js";
export { workerWake } from "./workers/wakeRead.js";
export { identifyTelegramWebhook } from "./compat/identifyTelegramWebhook.js";
export { ingestTelegramUpdate } from "./compat/ingestTelegramUpdate.js";
