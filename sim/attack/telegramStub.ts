import { z } from "zod";
import { listenLoopback, type Listening } from "../http/listen.js";

const zSendMessage = z.object({ chat_id: z.string(), text: z.string() });
const zSetWebhook = z.object({ url: z.string(), secret_token: z.string() });

/** Just enough of Telegram to set bots' webhooks, and to learn the secrets that it would send along. */
export interface TelegramStub extends Listening {
  secret(botId: number): string;
  /** What a bot was last told to send into a chat. */
  said(chatId: number): string | undefined;
}

export async function startTelegramStub(): Promise<TelegramStub> {
  const webhooks = new Map<string, { url: string; secret_token: string }>();
  const said = new Map<string, string>();
  const listening = await listenLoopback(async (request) => {
    const [, botId = "", method] = /\/bot(\d+):[^/]*\/(\w+)$/.exec(new URL(request.url).pathname) ?? [];
    const answer = (result: unknown) => Response.json({ ok: true, result });
    switch (method) {
      case "getMe":
        return answer({ id: Number(botId), is_bot: true, first_name: "Attacked", username: `b${botId}_bot` });
      case "sendMessage": {
        const { chat_id, text } = zSendMessage.parse(await request.json());
        said.set(chat_id, text);
        return answer({ message_id: 1 });
      }
      case "setWebhook":
        webhooks.set(botId, zSetWebhook.parse(await request.json()));
        return answer(true);
      case "getWebhookInfo":
        return answer({
          url: webhooks.get(botId)?.url ?? "",
          has_custom_certificate: false,
          pending_update_count: 0,
        });
      default:
        return Response.json({ ok: false, error_code: 404, description: "Not Found" }, { status: 404 });
    }
  });
  return {
    ...listening,
    secret: (botId) => webhooks.get(String(botId))?.secret_token ?? "",
    said: (chatId) => said.get(String(chatId)),
  };
}
