import { tokensOf } from "./script.js";
import type { ScriptedToolCall } from "./types.js";

/** What one completion says: text tokens or tool calls, never both. */
export interface Completion {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
  promptText: string;
  tokens: string[];
  toolCalls: ScriptedToolCall[];
}

/** Deterministic usage: four characters a prompt token, one completion token a chunk. */
function usageOf({ promptText, tokens, toolCalls }: Completion) {
  const prompt = Math.ceil(promptText.length / 4);
  const completion =
    tokens.length + toolCalls.flatMap((call) => tokensOf(JSON.stringify(call.arguments))).length;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function finishReason({ toolCalls }: Completion): "stop" | "tool_calls" {
  return toolCalls.length > 0 ? "tool_calls" : "stop";
}

function wireToolCalls({ id, toolCalls }: Completion) {
  return toolCalls.map((call, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: "function" as const,
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
}

/** The `chat.completion` object of a request without `stream`. */
export function completionBody(completion: Completion) {
  const { id, created, model, tokens } = completion;
  const calls = wireToolCalls(completion).map(({ index: _index, ...call }) => call);
  const message =
    calls.length > 0
      ? { role: "assistant", content: null, tool_calls: calls }
      : { role: "assistant", content: tokens.join("") };
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, finish_reason: finishReason(completion), logprobs: null }],
    usage: usageOf(completion),
  };
}

/** One server-sent event. */
export interface StreamPart {
  data: string;
  /** True for the chunks a latency per token applies to. */
  isToken: boolean;
}

/** The `chat.completion.chunk` events of a streamed answer, `[DONE]` included. */
export function completionChunks(completion: Completion, includeUsage: boolean): StreamPart[] {
  const { id, created, model, tokens } = completion;
  const frame = (choices: unknown[], usage?: unknown) =>
    `data: ${JSON.stringify({
      id,
      object: "chat.completion.chunk",
      created,
      model,
      choices,
      // Like the real API: with include_usage every chunk has the field, null but in the last.
      ...(includeUsage ? { usage: usage ?? null } : {}),
    })}\n\n`;
  const choice = (delta: unknown, finish: string | null = null) => [
    { index: 0, delta, finish_reason: finish },
  ];
  const calls = wireToolCalls(completion);
  return [
    { data: frame(choice({ role: "assistant", content: calls.length > 0 ? null : "" })), isToken: false },
    ...tokens.map((token) => ({ data: frame(choice({ content: token })), isToken: true })),
    ...calls.map((call) => ({ data: frame(choice({ tool_calls: [call] })), isToken: true })),
    { data: frame(choice({}, finishReason(completion))), isToken: false },
    ...(includeUsage ? [{ data: frame([], usageOf(completion)), isToken: false }] : []),
    { data: "data: [DONE]\n\n", isToken: false },
  ];
}
