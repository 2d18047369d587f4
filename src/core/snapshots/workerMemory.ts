/** What a stateful worker asks before it touches its data directory. Reads at most 6 documents. */
import * as contract from "../../contract/snapshots.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { bindingOf } from "./bound.js";

export const getWorkerMemory = asQuery(contract.getWorkerMemory)(async (ctx, args) => {
  const binding = await bindingOf(ctx, await authorizeWorker(ctx, args), args);
  if (!binding) return null;
  const { everyTurns, maxBytes } = (await loadRuntime(ctx)).policies.snapshots;
  const { workspace: workspaceId, agentKey, conversationId, generation } = binding;
  return { workspaceId, agentKey, conversationId, generation, everyTurns, maxBytes };
});
