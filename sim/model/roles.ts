import type { ChatRequest } from "./request.js";

/** As vLLM, llama.cpp and others pass on what a model's chat template raises. */
const REFUSAL = "Conversation roles must alternate user/assistant/user/assistant/...";

/**
 * What a server with a strict chat template says against these roles; null: nothing. The system comes first and once; after it
 * user and assistant take turns, the user first and last. A call of a tool and its results stand within a turn of the assistant.
 */
export function roleFault(messages: ChatRequest["messages"]): string | null {
  const [first, ...others] = messages.map(({ role }) => role);
  const isSystem = (role: string | undefined) => role === "system" || role === "developer";
  const rest = first === undefined || isSystem(first) ? others : [first, ...others];
  if (rest.some(isSystem)) return "System message must be at the beginning.";
  let turn: "user" | "assistant" = "user";
  let previous: string | undefined;
  for (const role of rest) {
    const isTool = role === "tool" || role === "function";
    // The assistant called a tool, and goes on when it has the result.
    if (isTool && (previous === "assistant" || previous === "tool")) turn = "assistant";
    else if (isTool || role !== turn) return REFUSAL;
    else turn = role === "user" ? "assistant" : "user";
    previous = isTool ? "tool" : role;
  }
  return previous === "assistant" || previous === undefined ? REFUSAL : null;
}
