/**
 * One file from Telegram: `getFile`, then its content. The URL of both holds the bot's token, so no error of `fetch` is
 * passed on.
 */
import { z } from "zod";
import { readCapped } from "../../../policy/attachments/readCapped.js";
import { env } from "../../../component/_generated/server.js";
import type { FetchedFile, FetchFile } from "../channel.js";
import { botApiBaseUrl, post, type BotApi } from "./botApi.js";
import { cutText } from "../../../policy/text/cut.js";
import { redactSecrets } from "../../../policy/text/redactSecrets.js";

/** A longer description says nothing more. */
const MAX_TEXT_CHARS = 200;
/** 20 MB on a slow line. */
const DOWNLOAD_TIMEOUT_MS = 90_000;

const zReply = z.looseObject({
  ok: z.boolean(),
  result: z.looseObject({ file_path: z.string().optional(), file_size: z.number().optional() }).optional(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z.looseObject({ retry_after: z.number().nonnegative().optional() }).optional(),
});

/** With the bot's token. */
export const fetchFile: FetchFile = (token, fileId, maxBytes) =>
  fetchTelegramFile({ baseUrl: botApiBaseUrl(env.TELEGRAM_API_BASE_URL), token }, fileId, maxBytes);

/** Never throws. Holds at most `maxBytes` in memory. */
export async function fetchTelegramFile(api: BotApi, fileId: string, maxBytes: number): Promise<FetchedFile> {
  const asked = await ask(api, fileId);
  if (!("path" in asked)) return asked;
  if (asked.sizeBytes > maxBytes) return { kind: "tooLarge" };
  try {
    const response = await fetch(`${api.baseUrl}/file/bot${api.token}/${asked.path}`, {
      signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return { kind: "later", error: `Telegram gave the file with status ${response.status}` };
    }
    const chunks = await readCapped(response, maxBytes);
    return chunks === null ? { kind: "tooLarge" } : { kind: "file", chunks };
  } catch {
    return { kind: "later", error: "The download of the file broke off" };
  }
}

async function ask(
  api: BotApi,
  fileId: string,
): Promise<{ path: string; sizeBytes: number } | Exclude<FetchedFile, { kind: "file" }>> {
  const answer = await post(api, "getFile", { file_id: fileId });
  if (answer === null) return { kind: "later", error: "Telegram did not answer getFile" };
  const parsed = zReply.safeParse(answer.reply);
  const data = parsed.success ? parsed.data : undefined;
  const path = data?.ok === true ? data.result?.file_path : undefined;
  if (path !== undefined) {
    // A path of a server's own disk, or one that leads elsewhere, is not for us.
    if (!/^[\w-][\w./ -]*$/.test(path) || path.includes(".."))
      return { kind: "failed", error: "Telegram named a file path that cannot be fetched" };
    return { path, sizeBytes: data?.result?.file_size ?? 0 };
  }
  const code = data?.error_code ?? answer.status;
  const said = cutText(redactSecrets(data?.description ?? "no description", [api.token]), MAX_TEXT_CHARS);
  const error = `Telegram refused the file: ${code} ${said}`;
  if (code === 400 && /file is too big/i.test(said)) return { kind: "tooLarge" };
  if (code === 429) return { kind: "later", error, afterMs: (data?.parameters?.retry_after ?? 1) * 1000 };
  return isFinal(code, said) ? { kind: "failed", error } : { kind: "later", error };
}

/**
 * Whether another try cannot help. Telegram says 400 also for what passes ("wrong file_id or the file is temporarily unavailable"),
 * so its words count before its number; 408, 409 and 425 are about the moment. How often it is asked is bounded by `giveUpAt`.
 */
const isFinal = (code: number, said: string): boolean =>
  code >= 400 &&
  code < 500 &&
  ![408, 409, 425].includes(code) &&
  !/temporar|try again|later|timeout/i.test(said);
