import { z } from "zod";
import { listenLoopback, type Listening } from "../http/listen.js";

const zSetWebhook = z.object({ url: z.string(), secret_token: z.string() });

/** Just enough of Telegram to set a webhook, and to learn the secret that it would send along. */
export interface TelegramStub extends Listening {
  secret(): string;
}

export async function startTelegramStub(botId: number): Promise<TelegramStub> {
  let webhook = { url: "", secret_token: "" };
  const listening = await listenLoopback(async (request) => {
    const method = new URL(request.url).pathname.split("/").at(-1);
    const answer = (result: unknown) => Response.json({ ok: true, result });
    switch (method) {
      case "getMe":
        return answer({ id: botId, is_bot: true, first_name: "Attacked", username: "attacked_bot" });
      case "setWebhook":
        webhook = zSetWebhook.parse(await request.json());
        return answer(true);
      case "getWebhookInfo":
        return answer({ url: webhook.url, has_custom_certificate: false, pending_update_count: 0 });
      default:
        return Response.json({ ok: false, error_code: 404, description: "Not Found" }, { status: 404 });
    }
  });
  return { ...listening, secret: () => webhook.secret_token };
}
