/**
 * A conversation in the order that every server takes: the system's words first and once, then user and assistant in turns,
 * the user first and last. Chat templates (Mistral, Gemma, Llama) refuse anything else.
 */
import { textWithFiles } from "../../attachments/files.js";
import { imageParts, type ImagePart } from "./imageParts.js";
import type { EngineRequest } from "../../engine/engine.js";
import type { Without } from "./failure.js";

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string | ({ type: "text"; text: string } | ImagePart)[];
}

/** Where the window begins with the assistant, or the host wrote first. */
const EARLIER = "[What was said before is not shown.]";

/**
 * Turns of one side that follow each other become one. A stored tool turn has no call id, without which the API refuses the
 * role `tool`: it is told by the user. Pictures go along as data; the other files are named, since the API takes no others.
 */
export async function messagesOf(
  request: EngineRequest,
  without: ReadonlySet<Without> = new Set(),
): Promise<ChatMessage[]> {
  const system = request.systemPrompt === undefined ? [] : [request.systemPrompt];
  const turns: { role: "user" | "assistant"; content: string }[] = [];
  const add = (role: "user" | "assistant", content: string): void => {
    const last = turns.at(-1);
    if (last === undefined && role === "assistant") turns.push({ role: "user", content: EARLIER });
    if (last?.role === role) last.content += `\n\n${content}`;
    else turns.push({ role, content });
  };
  for (const { role, content } of request.history) {
    if (content.trim() === "") continue;
    if (role === "system") system.push(content);
    else if (role === "tool") add("user", `[Result of a tool]\n${content}`);
    else add(role, content);
  }
  const images = without.has("pictures") ? [] : await imageParts(request.attachments ?? []);
  const text = textWithFiles(request, false);
  if (text.trim() !== "" || images.length === 0) add("user", text);
  else if (turns.at(-1)?.role !== "user") turns.push({ role: "user", content: "" });
  const messages: ChatMessage[] = turns;
  const [first] = turns;
  const instructions = system.join("\n\n");
  if (instructions !== "") {
    if (!without.has("system")) messages.unshift({ role: "system", content: instructions });
    else if (first !== undefined) first.content = `${instructions}\n\n${first.content}`;
  }
  const last = turns.at(-1);
  if (images.length === 0 || last === undefined) return messages;
  const words = last.content === "" ? [] : [{ type: "text" as const, text: last.content }];
  return [...messages.slice(0, -1), { role: "user", content: [...words, ...images] }];
}
