/**
 * The usual path of each operation on a message's way, run on convex-test through the doors of the example app, with what it
 * called recorded. Every step checks that it did what it is named after: the price of a refused call means nothing.
 */
import { convexTest, type TestConvex } from "convex-test";
import {
  defineSchema,
  type FunctionHandle,
  type FunctionReference,
  type SchemaDefinition,
} from "convex/server";
import path from "node:path";
import { z } from "zod";
import { components } from "../../example/convex/_generated/api.js";
import schema from "../../src/component/schema.js";
import { measure } from "../../bench/measure.js";
import { operations } from "../../bench/operations.js";
import { createBenchWorld, setAlarms } from "../../bench/world.js";
import { recordCalls, recordedModules, type RecordedCall } from "./recordCalls.js";

/** The name under which the example app installs the component. */
const NAME = "agentFactory";
const { lib } = components[NAME];

const SECRET_REF = "telegram.botToken.sales";
const WEBHOOK = "/agent-factory/telegram/webhook";
const GATEWAY = "/agent-factory/api/agent_workers";

/** Something that was done once, and the calls into the component that it took. */
export type Step = {
  readonly kind: "function" | "webhook" | "gateway" | "cron";
  /** The public function, the gateway's operation, `webhook`, or the cron's target. */
  readonly name: string;
  readonly calls: readonly RecordedCall[];
};

type App = TestConvex<SchemaDefinition<Record<string, never>, boolean>>;
type Args = Record<string, unknown>;

const zJob = z.object({ messageId: z.string(), leaseId: z.string() });

/** @param crons what the component's crons call (`module/path:function`); each runs once, with nothing to do. */
export async function usualPaths(root: string, crons: readonly string[]): Promise<Step[]> {
  const steps: Step[] = [];
  const idle = createApp(root);
  await prepare(idle);
  for (const target of crons) {
    const handle = `function://${NAME};${target}` as FunctionHandle<"mutation", Args>;
    const calls = await recordCalls(() => idle.run((ctx) => ctx.runMutation(handle, {})));
    steps.push({ kind: "cron", name: target, calls });
  }
  const t = createApp(root);
  await messagesWay(t, await prepare(t), steps);
  steps.push(...(await benchedOperations(root)));
  return steps;
}

/** The operations of the bench: the same calls in other states of the queue, each rolled back. */
async function benchedOperations(root: string): Promise<Step[]> {
  const steps: Step[] = [];
  const modules = recordedModules(path.join(root, "src/component"), NAME);
  const world = await createBenchWorld(modules, { depth: 10, workers: 8, history: 10 });
  for (const { name, alarms, call } of operations(world)) {
    await setAlarms(world, alarms ?? { reap: true, pass: false });
    // The bench measures every operation twice, in the same state.
    const [first] = await recordCalls(() => measure(world, name, call));
    steps.push({ kind: "function", name, calls: first ? [first] : [] });
  }
  return steps;
}

function createApp(root: string): App {
  const t = convexTest({
    schema: defineSchema({}),
    modules: recordedModules(path.join(root, "example/convex"), ""),
    transactionLimits: true,
  });
  t.registerComponent(NAME, schema, recordedModules(path.join(root, "src/component"), NAME));
  return t;
}

/** An agent with a bot, and a worker's token: what every deployment at work has. */
async function prepare(t: App): Promise<{ token: string; webhookSecret: string }> {
  const { token } = await t.mutation(async (ctx) => {
    const agent = { agentKey: "default", version: "1", secretsRef: [SECRET_REF], enabled: true };
    await ctx.runMutation(lib.configureAgent, agent);
    const plaintextValue = `123456:${"A".repeat(35)}`;
    await ctx.runMutation(lib.importSecret, { secretRef: SECRET_REF, plaintextValue });
    return await ctx.runMutation(lib.createAgentWorkerToken, {});
  });
  const webhookSecret = await withBotApi(() =>
    t.action((ctx) =>
      ctx.runAction(lib.configureTelegramWebhook, {
        convexSiteUrl: "https://app.convex.site",
        secretRef: SECRET_REF,
      }),
    ),
  );
  return { token, webhookSecret };
}

/** Answers the Bot API's calls while a webhook is configured; returns the secret that Telegram was given. */
async function withBotApi(work: () => Promise<unknown>): Promise<string> {
  const real = globalThis.fetch;
  let secret = "";
  let url = "";
  globalThis.fetch = async (input, init) => {
    const sent = z
      .object({ url: z.string().optional(), secret_token: z.string().optional() })
      .parse(JSON.parse(typeof init?.body === "string" ? init.body : "{}"));
    url = sent.url ?? url;
    secret = sent.secret_token ?? secret;
    const method = (input instanceof Request ? input.url : String(input)).split("/").at(-1);
    if (method === "setWebhook") return Response.json({ ok: true, result: true });
    if (method === "getMe")
      return Response.json({
        ok: true,
        result: { id: 123456, is_bot: true, first_name: "Sales", username: "sales_bot" },
      });
    return Response.json({
      ok: true,
      result: { url, pending_update_count: 0, has_custom_certificate: false },
    });
  };
  try {
    await work();
    return secret;
  } finally {
    globalThis.fetch = real;
  }
}

/** Messages come in by the app and by the webhook; a worker takes and ends them through the gateway. */
async function messagesWay(
  t: App,
  { token, webhookSecret }: { token: string; webhookSecret: string },
  steps: Step[],
) {
  const call = async (
    name: string,
    ref: FunctionReference<"mutation", "internal">,
    args: Args,
  ): Promise<unknown> => {
    let result: unknown;
    const calls = await recordCalls(async () => {
      result = await t.run((ctx) => ctx.runMutation(ref, args));
    });
    steps.push({ kind: "function", name, calls });
    return result;
  };
  const post = async (
    kind: "webhook" | "gateway",
    name: string,
    headers: Record<string, string>,
    body: unknown,
  ) => {
    const url = kind === "webhook" ? WEBHOOK : `${GATEWAY}/${name}`;
    let response: Response | undefined;
    const calls = await recordCalls(async () => {
      response = await t.fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    });
    if (response?.ok !== true)
      throw new Error(`${kind} ${name}: ${response?.status} ${await response?.text()}`);
    steps.push({ kind, name, calls });
    return (await response.json()) as unknown;
  };
  const enqueue = (conversationId: string) =>
    call("enqueue", lib.enqueue, {
      conversationId,
      agentKey: "default",
      payload: { provider: "app", providerUserId: "user", messageText: "hello" },
    });
  const deliver = (id: number, chat: number) =>
    post(
      "webhook",
      "webhook",
      { "X-Telegram-Bot-Api-Secret-Token": webhookSecret },
      telegramUpdate(id, chat),
    );
  const work = async <T extends z.ZodType>(operation: string, args: Args, value: T): Promise<z.infer<T>> => {
    const body = await post(
      "gateway",
      operation,
      { Authorization: `Bearer ${token}` },
      { workerId: "w1", ...args },
    );
    return value.parse(z.object({ value: z.unknown() }).parse(body).value);
  };
  const claim = () => work("claim", {}, zJob);

  for (const conversation of ["new", "new", "second", "third"]) await enqueue(conversation);
  for (const [id, chat] of [
    [1, 42],
    [2, 42],
    [3, 43],
  ] as const)
    await deliver(id, chat);

  const first = await claim();
  await work("hydrate", { ...first, workspaceId: "default" }, z.object({ messageId: z.string() }));
  await work("heartbeat", first, z.object({ ok: z.literal(true) }));
  await call("heartbeat", lib.heartbeat, { ...first, workerId: "w1", workerToken: token });
  const held = z.object({ ok: z.literal(true), status: z.literal("held") });
  const turns = [
    { role: "user", content: "hello" },
    { role: "assistant", content: "good day" },
  ];
  await work("settle", { ...first, turns, reply: { text: "good day", parts: 1 }, sendingPart: 0 }, held);
  const { next: second } = await work(
    "settle",
    { ...first, outcome: { kind: "complete" }, claimNext: { hydrate: true } },
    z.object({ status: z.literal("done"), next: zJob }),
  );
  await work("complete", zJob.parse(second), z.literal(true));
  await work("fail", { ...(await claim()), errorMessage: "boom" }, z.object({ requeued: z.literal(true) }));
  await work("fail", { ...(await claim()), errorMessage: "boom" }, z.object({ requeued: z.literal(true) }));
  for (;;) {
    const job = await work("claim", {}, zJob.nullable());
    if (job === null) break;
    await work("complete", job, z.literal(true));
  }
}

const telegramUpdate = (id: number, chat: number) => ({
  update_id: id,
  message: {
    message_id: id,
    date: 1,
    chat: { id: chat, type: "private" },
    from: { id: chat },
    text: "hello",
  },
});
