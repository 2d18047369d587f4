import { z } from "zod";
import type { AnsweredRequest } from "./types.js";

const contentSchema = z
  .union([z.string(), z.null(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
  .optional();

const messageSchema = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: contentSchema,
});

/** The part of an OpenAI chat completion request that this server looks at; other fields are tolerated. */
export const chatRequestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** OpenClaw appends a user message of its own after the real one; it starts with this. */
const INTERNAL_CONTEXT = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>";
/** `[Fri 2026-11-20 20:15 UTC] ` in front of the first text of an OpenClaw session. */
const STAMP = /^\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2} [^\]\n]+\] /;
/** `Runtime: agent=main | session=... | model=...` behind it. */
const RUNTIME = /\n\nRuntime: agent=[^\n]*\s*$/;

/** Removes what OpenClaw puts around a user's text; other text comes back unchanged. */
function unwrapOpenClaw(text: string): string {
  return text.replace(STAMP, "").replace(RUNTIME, "");
}

/** Plain text of a message, text parts joined. */
export function textOf(content: z.infer<typeof contentSchema>): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

/** What the script rules look at. */
export function describeRequest(request: ChatRequest): AnsweredRequest {
  const real = request.messages
    .map(({ role, content }) => ({ role, text: textOf(content) }))
    .filter(({ role, text }) => !(role === "user" && text.startsWith(INTERNAL_CONTEXT)));
  const last = real.at(-1);
  return {
    model: request.model,
    lastUserText: unwrapOpenClaw(real.findLast(({ role }) => role === "user")?.text ?? ""),
    endsWithToolResult: last?.role === "tool",
    lastToolText: real.findLast(({ role }) => role === "tool")?.text ?? "",
  };
}
