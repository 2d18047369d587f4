import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Deployment } from "../deployment/index.js";
import type { TelegramServer } from "../telegram/index.js";
import { demoAgentKey } from "./deployment.js";
import { chatOf } from "./traffic.js";

const PAIRING_WAIT_MS = 20_000;
const LOOK_EVERY_MS = 50;

const userOf = (conversation: number): string => `${demoAgentKey}-user-${conversation}`;

/** Gives every user a one-time code and lets them send it to the bot. */
export async function pairUsers(
  deployment: Deployment,
  telegram: TelegramServer,
  conversations: number,
  signal: AbortSignal,
): Promise<void> {
  const users = Array.from({ length: conversations }, (_unused, index) => index + 1);
  for (const conversation of users) {
    const { pairing } = z.object({ pairing: z.object({ code: z.string() }) }).parse(
      await deployment.lib("createUserAgentPairing", {
        consumerUserId: userOf(conversation),
        agentKey: demoAgentKey,
      }),
    );
    telegram.userSends({ chatId: chatOf(conversation), text: `/start ${pairing.code}` });
  }
  const until = Date.now() + PAIRING_WAIT_MS;
  for (const conversation of users) {
    while (!(await isPaired(deployment, conversation))) {
      if (Date.now() > until) throw new Error(`${userOf(conversation)} could not be paired`);
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

async function isPaired(deployment: Deployment, conversation: number): Promise<boolean> {
  const binding = await deployment.lib("getUserAgentBinding", { consumerUserId: userOf(conversation) });
  const { telegramChatId } = z
    .object({ telegramChatId: z.string().nullable() })
    .nullable()
    .parse(binding) ?? {
    telegramChatId: null,
  };
  return telegramChatId === String(chatOf(conversation));
}

/** A push that one user shall get. */
export interface PlannedPush {
  chatId: number;
  text: string;
}

/** Makes a push job for the user and sends it now, whatever its schedule says. */
export async function pushTo(deployment: Deployment, conversation: number): Promise<PlannedPush> {
  const text = "your weekly reminder";
  const jobId = await deployment.lib("createPushJobCustom", {
    companyId: "default",
    consumerUserId: userOf(conversation),
    title: "Reminder",
    text,
    periodicity: "weekly",
    timezone: "Europe/Rome",
    schedule: { kind: "weekly", weekday: 1, time: "09:00" },
  });
  await deployment.lib("triggerPushJobNow", { jobId });
  return { chatId: chatOf(conversation), text };
}
