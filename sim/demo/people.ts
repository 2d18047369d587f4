import { z } from "zod";
import type { Deployment } from "../deployment/index.js";
import { openPairingLinks, type TelegramServer } from "../telegram/index.js";
import { demoAgentKey } from "./deployment.js";
import { chatOf } from "./traffic.js";

const PAIRING_WAIT_MS = 20_000;

const userOf = (conversation: number): string => `${demoAgentKey}-user-${conversation}`;

/** Gives every user a link, and lets them open it. */
export async function pairUsers(
  deployment: Deployment,
  telegram: TelegramServer,
  conversations: number,
  signal: AbortSignal,
): Promise<void> {
  const links: { chatId: number; code: string }[] = [];
  for (let conversation = 1; conversation <= conversations; conversation += 1) {
    const { pairing } = z.object({ pairing: z.object({ code: z.string() }) }).parse(
      await deployment.lib("createUserAgentPairing", {
        consumerUserId: userOf(conversation),
        agentKey: demoAgentKey,
      }),
    );
    links.push({ chatId: chatOf(conversation), code: pairing.code });
  }
  await openPairingLinks(telegram, links, { withinMs: PAIRING_WAIT_MS, signal });
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
