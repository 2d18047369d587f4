import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { rowText, type TranscriptRow } from "./transcripts.js";

/** A model server with OpenAI's chat completions, and the directory its tools work in. */
export interface ModelAccess {
  baseUrl: string;
  apiKey: string;
  model: string;
  workspaceDir: string;
}

const MAX_STEPS = 8;
/** The real gateway sends one user message of its own behind the user's. */
const INTERNAL_CONTEXT = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nnone\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";
/** How the real gateway presents the text of a turn that it takes up again. */
const QUEUED =
  "[Queued user message from a previous active turn; preserved as context only. Continue with the active prompt below.]\n";

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.looseObject({
          content: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string(),
                function: z.object({ name: z.string(), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
      }),
    )
    .min(1),
});
const toolArguments = z.object({ path: z.string(), content: z.string().optional() });

/**
 * One turn of the agent: asks the model, carries out its `write` and `read` calls in the workspace, asks again.
 * @param rows the session, the turn's own user row last.
 * @throws Error when the model fails or `signal` is aborted.
 */
export async function agentTurn(
  access: ModelAccess,
  rows: readonly TranscriptRow[],
  signal: AbortSignal,
): Promise<string> {
  const messages: object[] = [
    { role: "system", content: "You are an assistant with a workspace." },
    ...conversation(rows),
    { role: "user", content: INTERNAL_CONTEXT },
  ];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(`${access.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${access.apiKey}` },
      body: JSON.stringify({ model: access.model, messages, tool_choice: "auto" }),
      signal,
    });
    if (!response.ok) throw new Error(`the model answered with HTTP ${response.status}`);
    const { message } = completionSchema.parse(await response.json()).choices[0]!;
    if (message.tool_calls === undefined) return message.content ?? "";
    messages.push({ role: "assistant", ...message });
    for (const call of message.tool_calls) {
      const content = await useTool(access.workspaceDir, call.function.name, call.function.arguments);
      messages.push({ role: "tool", tool_call_id: call.id, content });
    }
  }
  throw new Error("the model called tools without end");
}

/** User rows that follow each other become one message: a resumed turn. */
function conversation(rows: readonly TranscriptRow[]): { role: string; content: string }[] {
  const messages: { role: string; content: string }[] = [];
  for (const row of rows) {
    const last = messages.at(-1);
    if (row.role === "user" && last?.role === "user")
      last.content = `${QUEUED}${last.content}\n\n${rowText(row)}`;
    else messages.push({ role: row.role, content: rowText(row) });
  }
  return messages;
}

async function useTool(workspaceDir: string, name: string, argumentsText: string): Promise<string> {
  const args = toolArguments.parse(JSON.parse(argumentsText));
  const file = path.resolve(workspaceDir, args.path);
  if (!file.startsWith(`${path.resolve(workspaceDir)}${path.sep}`)) return "Error: outside the workspace";
  if (name === "read") return await readFile(file, "utf8").catch(() => `Error: no file ${args.path}`);
  if (name !== "write") return `Error: unknown tool ${name}`;
  await mkdir(path.dirname(file), { recursive: true });
  const content = args.content ?? "";
  await writeFile(file, content);
  return `Successfully wrote ${Buffer.byteLength(content)} bytes to ${args.path}`;
}
