/**
 * Two tenants: `bob` of one, with an agent, a chat, a push and a template that are nobody else's; `mallory` is of none, and may use
 * what the example app opens to all its users. Two bots, one per agent.
 */
import { randomBytes, randomInt } from "node:crypto";
import { z } from "zod";
import type { Deployment } from "../../deployment/index.js";
import type { TelegramStub } from "../telegramStub.js";

const DAY_MS = 86_400_000;
const zPairing = z.object({ code: z.string() });

interface Tenant {
  agentKey: string;
  botSecret: string;
}

export interface UserStage {
  deployment: Deployment;
  telegram: TelegramStub;
  /** In everything that is bob's, and nowhere else. */
  canary: string;
  bob: {
    user: string;
    chatId: number;
    workspace: string;
    conversationId: string;
    messageId: string;
    jobId: string;
    templateId: string;
  };
  /** Of bob's workspace. */
  shut: Tenant;
  /** Of the workspace that the example app opens to everybody. */
  open: Tenant;
  mallory: string;
  /** Named like a conversation of mallory's, and has written with an idempotency key. */
  namesake: { user: string; messageId: string };
  /** Bound by the host to an agent whose lane is that of the binding's `region`. */
  nomad: { user: string; agentKey: string; region: string; lane: string };
  /** Codes for the open agent, as mallory and another user made them for themselves. */
  codeOfMallory: string;
  newCode(user: string): Promise<string>;
  bindingOf(user: string): Promise<unknown>;
  /** A number that no other call has. */
  serial(): number;
}

export async function setUserStage(
  deployment: Deployment,
  telegram: TelegramStub,
  named: (name: string) => string,
): Promise<UserStage> {
  const run = deployment.lib.bind(deployment);
  const canary = named("canary");
  const workspace = named("acme");
  const tenant = async (agentKey: string, fields: Record<string, string>): Promise<Tenant> => {
    const botId = randomInt(4_000_000_000, 9_000_000_000);
    const secretRef = `telegram.botToken.${agentKey}`;
    const token = `${botId}:${randomBytes(18).toString("hex").slice(0, 35)}`;
    await run("importSecret", { secretRef, plaintextValue: token });
    const profile = { agentKey, version: "1", enabled: true, ...fields };
    await run("configureAgent", {
      ...profile,
      secretsRef: [secretRef, ...(fields.workspace ? [canary] : [])],
    });
    await run("configureTelegramWebhook", { convexSiteUrl: deployment.siteUrl, secretRef });
    return { agentKey, botSecret: telegram.secret(botId) };
  };
  if (deployment.own) {
    const blank = {
      appName: "a",
      organizationSlug: "o",
      image: "i",
      region: "r",
      volumeName: "v",
      volumePath: "/v",
    };
    const providerConfig = { kind: "fly", ...blank, volumeSizeGb: 1, env: { ADDRESS: canary } };
    await run("setProviderRuntimeConfig", { providerConfig });
  }
  const open = await tenant(named("open"), {});
  const shut = await tenant(named("shut"), { workspace });
  const [bob, mallory] = [named("bob"), named("mallory")];
  const chatId = randomInt(1_000_000_000, 2_000_000_000);
  await run("bindUserAgent", {
    consumerUserId: bob,
    agentKey: shut.agentKey,
    telegramUserId: String(chatId),
    telegramChatId: String(chatId),
  });
  const ofBob = { consumerUserId: bob, agentKey: shut.agentKey };
  const messageId = z.string().parse(await run("sendMessageToUserAgent", { ...ofBob, content: canary }));
  const { conversationId } = z.object({ conversationId: z.string() }).parse(await run("getUserAgent", ofBob));
  const push = { companyId: workspace, title: canary, text: canary, periodicity: "manual" };
  const jobId = z.string().parse(
    await run("createPushJobCustom", {
      ...push,
      consumerUserId: bob,
      schedule: { kind: "manual" },
      timezone: "UTC",
    }),
  );
  const templateId = z
    .string()
    .parse(
      await run("createPushTemplate", { ...push, templateKey: "t", suggestedTimes: [], actorUserId: "host" }),
    );
  const newCode = async (user: string) => {
    const asked = { consumerUserId: user, agentKey: open.agentKey, ttlMs: DAY_MS };
    return zPairing.parse(await run("createPairingCode", asked)).code;
  };
  const nomad = { user: named("nomad"), agentKey: named("regional"), region: named("eu") };
  await run("configureAgent", {
    ...{ agentKey: nomad.agentKey, version: "1", enabled: true, secretsRef: [] },
    tag: "tag-$args[region]",
  });
  await run("bindUserAgent", {
    ...{ consumerUserId: nomad.user, agentKey: nomad.agentKey },
    metadata: { region: nomad.region },
  });
  const namesake = `${mallory}:x`;
  let serial = randomInt(1, 1_000_000) * 1_000;
  return {
    deployment,
    telegram,
    canary,
    bob: { user: bob, chatId, workspace, conversationId, messageId, jobId, templateId },
    shut,
    open,
    mallory,
    namesake: {
      user: namesake,
      messageId: z.string().parse(
        await deployment.lib("enqueue", {
          conversationId: `user:${namesake}`,
          agentKey: open.agentKey,
          payload: { provider: "app", providerUserId: namesake, messageText: "hi" },
          idempotencyKey: `api:user:${namesake}:k`,
        }),
      ),
    },
    nomad: { ...nomad, lane: `tag-${nomad.region}` },
    codeOfMallory: await newCode(mallory),
    newCode,
    bindingOf: (user) => run("getUserAgentBinding", { consumerUserId: user }),
    serial: () => (serial += 1),
  };
}
