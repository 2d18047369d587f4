/**
 * The deployment under attack: two workspaces, two lanes, workers with and without a message in hand. All names are of this
 * run alone, so that a deployment can be attacked again.
 */
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import { z } from "zod";
import { newRunId, openDeployment, type Args, type Deployment, type Target } from "../deployment/index.js";
import { startTelegramStub } from "./telegramStub.js";
import type { Credential } from "./types.js";
import { setUserStage, type UserStage } from "./users/stage.js";

const HOUR_MS = 3_600_000;
const zMinted = z.object({ token: z.string(), tokenId: z.string(), aliasPath: z.string().optional() });
const zJob = z.object({ messageId: z.string(), leaseId: z.string(), conversationId: z.string() });

/** A worker and the message it holds or held. */
export interface Actor {
  workerId: string;
  credential: Credential;
  messageId: string;
  leaseId: string;
  conversationId: string;
  agentKey: string;
}

export interface Stage {
  deployment: Deployment;
  /** Holds a message, for as long as the run lasts. */
  victim: Actor;
  /** A worker of the same workspace and lane that holds nothing. */
  mallory: Actor;
  /** Held a message, lost its lease to somebody else, and does not know. */
  stale: Actor;
  /** Bound to no worker, of another workspace. */
  stranger: Credential;
  /** Bound to no worker, of another lane. */
  laneless: Credential & { workerId: string };
  /** Bound to the victim, and never refused so far. */
  unused: Credential;
  expired: Credential;
  revoked: Credential;
  /** Tokens that were never signed here, by what is wrong with them. */
  forged: readonly { name: string; token: string }[];
  /** A message of its own for a call that ends one. */
  fresh(): Promise<Actor>;
  /** A conversation that waits in the victim's lane. */
  waitingConversation: string;
  /** A conversation that waits in a system lane. */
  systemConversation: string;
  /** What Telegram was told to send along. */
  webhookSecret: string;
  /** People of two tenants and two bots. */
  users: UserStage;
  setRefusalLimit(refusalsPerMinute: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param target a given deployment; null: the local platform.
 * @throws when something cannot be set up.
 */
export async function setStage(
  target: Target | null,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Stage> {
  const stops: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const runId = newRunId();
  const named = (name: string) => `attack-${runId}-${name}`;
  const [victimLane, gpuLane, controlLane] = [named("main"), named("gpu"), named("control")];
  const botId = randomInt(4_000_000_000, 9_000_000_000);
  const botToken = `${botId}:${randomBytes(18).toString("hex").slice(0, 35)}`;
  const secretRef = `telegram.botToken.${victimLane}`;
  try {
    const telegram = await startTelegramStub();
    stops.push(() => telegram.close());
    const deployment = await openDeployment({
      target,
      platform: { crons: false },
      env: { TELEGRAM_API_BASE_URL: telegram.url },
      callsBack: true,
      tell,
      signal,
    });
    stops.push(() => deployment.close());
    const run = (name: string, args: Args = {}) => deployment.lib(name, args);

    await run("importSecret", { secretRef, plaintextValue: botToken });
    // An agent of each lane, by the lane's name.
    const agent = (agentKey: string, fields: Record<string, string>) =>
      run("configureAgent", { agentKey, version: "1", secretsRef: [secretRef], enabled: true, ...fields });
    for (const lane of [victimLane, gpuLane, controlLane]) await agent(lane, { tag: lane });
    await agent(named("system"), { tag: "system" });
    await agent(named("other"), { workspace: "other" });
    await run("configureTelegramWebhook", { convexSiteUrl: deployment.siteUrl, secretRef });

    const mint = async (scope: Record<string, string | boolean | string[]>) => {
      const minted = zMinted.parse(await run("createAgentWorkerToken", { tags: [victimLane], ...scope }));
      const alias = minted.aliasPath?.split("/").at(-1) ?? "";
      return { tokenId: minted.tokenId, credential: { token: minted.token, alias } };
    };
    const bound = async (workerId: string, tags = [victimLane]) =>
      (await mint({ workerId, workspace: "default", tags, withAlias: true })).credential;
    const enqueue = async (conversationId: string, agentKey: string) => {
      const payload = { provider: "app", providerUserId: "u1", messageText: "hello" };
      await run("enqueue", { conversationId, agentKey, payload });
    };
    const claim = async (
      workerId: string,
      credential: Credential,
      wish: { conversationId?: string; stateful?: boolean } = {},
    ) => zJob.parse(await run("claim", { workerId, workerToken: credential.token, ...wish }));
    const leases = (leaseMs: number) =>
      deployment.setPolicies({
        lease: { leaseMs, heartbeatIntervalMs: 100, reapGridMs: 250, staleAfterMs: 24 * HOUR_MS },
        retry: { baseDelayMs: 0 },
      });

    // One worker loses its message to another: its lease runs out, unheard of, and the message is claimed again.
    const [slow, fast, victim, mallory] = [named("slow"), named("fast"), named("victim"), named("mallory")];
    const staleCredential = await bound(slow);
    await enqueue(named("stale-chat"), victimLane);
    await leases(1_000);
    const lost = await claim(slow, staleCredential);
    await leases(HOUR_MS);
    const fastCredential = await bound(fast);
    await untilClaimed(() => claim(fast, fastCredential));

    const victimCredential = await bound(victim);
    await enqueue(named("victim-chat"), victimLane);
    // Stateful, so that it is bound to the conversation and may save it.
    const held = await claim(victim, victimCredential, { stateful: true });
    await enqueue(named("waiting-chat"), victimLane);
    await enqueue(named("system-chat"), named("system"));

    const expired = await mint({ workerId: victim, withAlias: true });
    await run("rotateWorkerToken", { tokenId: expired.tokenId, overlapMs: 0 });
    const revoked = await mint({ workerId: victim, withAlias: true });
    await run("revokeWorkerToken", { tokenId: revoked.tokenId });
    const control = named("control");
    const controlCredential = await bound(control, [controlLane]);
    const agentKey = victimLane;
    let serial = 0;

    return {
      deployment,
      victim: { workerId: victim, credential: victimCredential, ...held, agentKey },
      mallory: { workerId: mallory, credential: await bound(mallory), ...held, agentKey },
      stale: { workerId: slow, credential: staleCredential, ...lost, agentKey },
      stranger: (await mint({ workspace: "other" })).credential,
      laneless: { ...(await mint({ tags: [gpuLane] })).credential, workerId: named("laneless") },
      unused: await bound(victim),
      expired: expired.credential,
      revoked: revoked.credential,
      forged: await forgeries(victimCredential.token),
      fresh: async () => {
        const conversationId = named(`control-${(serial += 1)}`);
        await enqueue(conversationId, controlLane);
        const job = await claim(control, controlCredential, { conversationId });
        return { workerId: control, credential: controlCredential, ...job, agentKey: controlLane };
      },
      waitingConversation: named("waiting-chat"),
      systemConversation: named("system-chat"),
      webhookSecret: telegram.secret(botId),
      users: await setUserStage(deployment, telegram, named),
      setRefusalLimit: async (refusalsPerMinute) => {
        await deployment.setPolicies({ gateway: { refusalsPerMinute } });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilClaimed(claim: () => Promise<unknown>): Promise<void> {
  for (let tries = 100; ; tries -= 1) {
    const found = await claim().then(
      () => true,
      (error: unknown) => {
        if (tries <= 0) throw error;
        return false;
      },
    );
    if (found) return;
    await sleep(100);
  }
}

/** Tokens that look like the given one and are not. */
async function forgeries(real: string): Promise<{ name: string; token: string }[]> {
  const [header = "", payload = "", signature = ""] = real.split(".");
  const read = (part: string) =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(part, "base64url").toString()));
  const write = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = read(payload);
  const kid = z.string().parse(read(header).kid);
  const sign = (extra: Record<string, unknown>, keyId: string) =>
    new SignJWT({ ...claims, ...extra })
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: keyId })
      .sign(new Uint8Array(32).fill(7));
  const flipped = signature.startsWith("A") ? "B" : "A";
  return [
    { name: "foreign key", token: await sign({}, kid) },
    { name: "unknown key id", token: await sign({}, "0123456789abcdef") },
    {
      name: "widened lanes",
      token: `${header}.${write({ ...claims, tags: ["default", "system"] })}.${signature}`,
    },
    { name: "other worker", token: `${header}.${write({ ...claims, workerId: "root" })}.${signature}` },
    { name: "no algorithm", token: `${write({ alg: "none", kid })}.${payload}.` },
    { name: "altered signature", token: `${header}.${payload}.${flipped}${signature.slice(1)}` },
    { name: "no signature", token: `${header}.${payload}` },
    { name: "rubbish", token: "not.a.token" },
    { name: "too long", token: `${header}.${"A".repeat(5_000)}.${signature}` },
    { name: "an alias's form", token: "A".repeat(43) },
  ];
}
