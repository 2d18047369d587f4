import { Hono } from "hono";
import {
  adminGuard,
  faultRoutes,
  FaultPolicy,
  injectFaults,
  seededRandom,
  type SimEnv,
} from "../faults/index.js";
import { createClosing } from "../http/closing.js";
import { Journal } from "../http/journal.js";
import { listenLoopback } from "../http/listen.js";
import { pause } from "../http/pause.js";
import { completionBody, completionChunks, type Completion } from "./completion.js";
import { chatRequestSchema, describeRequest, textOf } from "./request.js";
import { roleFault } from "./roles.js";
import { answerText, Script, tokensOf } from "./script.js";
import { streamAnswer } from "./streamAnswer.js";
import type { ModelRequestRecord, ModelRule, ModelServer, ModelServerOptions } from "./types.js";

const DEFAULT_WAIT_MS = 10_000;
const EVENT_STREAM = "text/event-stream; charset=utf-8";
const DEFAULT_MODEL = "sim-1";

/**
 * Starts an OpenAI-compatible chat completion server on 127.0.0.1 whose answers follow a script.
 * @throws when the port is taken or a fault rule is malformed.
 */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const journal = new Journal<ModelRequestRecord>("model requests");
  const faults = new FaultPolicy(options.faults ?? [], seededRandom(options.seed ?? 1));
  const script = new Script(options.rules ?? []);
  const closing = createClosing();

  const app = new Hono<SimEnv>();
  app.use("*", injectFaults(faults, closing.signal));
  app.use("/__sim/*", adminGuard);
  app.route("/__sim/faults", faultRoutes(faults));
  app.get("/__sim/requests", (c) => c.json({ requests: journal.all() }));
  app.use("/v1/*", async (c, next) => {
    const key = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (options.apiKeys && (key === undefined || !options.apiKeys.includes(key))) {
      return apiError(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key");
    }
    return next();
  });
  app.get("/v1/models", (c) =>
    c.json({
      object: "list",
      data: (options.models ?? [DEFAULT_MODEL]).map((id) => ({
        id,
        object: "model",
        created: 0,
        owned_by: "sim",
      })),
    }),
  );
  app.post("/v1/chat/completions", async (c) => {
    const parsed = chatRequestSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.join(".") || "body";
      return apiError(400, `Invalid value for '${where}'.`, "invalid_request_error", null);
    }
    const request = parsed.data;
    if (options.models && !options.models.includes(request.model)) {
      const message = `The model \`${request.model}\` does not exist or you do not have access to it.`;
      return apiError(404, message, "invalid_request_error", "model_not_found");
    }
    const fault = options.strictRoles ? roleFault(request.messages) : null;
    if (fault !== null) return apiError(400, fault, "BadRequestError", null);
    const described = describeRequest(request);
    const rule = script.take(described);
    const messages = request.messages.map(({ role, content }) => ({ role, text: textOf(content) }));
    const record = journal.append({
      at: Date.now(),
      model: request.model,
      stream: request.stream ?? false,
      messages,
      lastUserText: described.lastUserText,
      outcome: "open",
    });
    const finish = (outcome: ModelRequestRecord["outcome"], answer?: string) => {
      record.outcome = outcome;
      record.answer = answer;
      journal.changed();
    };
    if (rule?.error) {
      finish("error");
      return apiError(rule.error.status, rule.error.message, rule.error.type ?? "server_error", null);
    }
    if (rule?.recorded) {
      const { body, status = 200, contentType = EVENT_STREAM } = rule.recorded;
      const complete = await pause(rule.firstTokenMs ?? options.firstTokenMs ?? 0, closing.signal);
      finish(complete ? "recorded" : "aborted");
      return new Response(body, { status, headers: { "content-type": contentType } });
    }
    const toolCalls = rule?.toolCalls ?? [];
    const answer = toolCalls.length > 0 ? "" : answerText(rule, described);
    const completion: Completion = {
      id: `chatcmpl-sim-${journal.all().length}`,
      created: Math.floor(record.at / 1000),
      model: request.model,
      promptText: messages.map(({ text }) => text).join(""),
      tokens: tokensOf(answer),
      toolCalls,
    };
    const firstTokenMs = rule?.firstTokenMs ?? options.firstTokenMs ?? 0;
    const perTokenMs = rule?.perTokenMs ?? options.perTokenMs ?? 0;
    const finished = (complete: boolean) => {
      if (!complete) finish("aborted");
      else if (toolCalls.length > 0) finish("toolCalls");
      else finish("answered", answer);
    };
    if (record.stream) {
      const parts = completionChunks(completion, request.stream_options?.include_usage ?? false);
      const cutAfterChunks = rule?.cutAfterChunks;
      return streamAnswer(c, {
        parts,
        firstTokenMs,
        perTokenMs,
        cutAfterChunks,
        closing: closing.signal,
        onEnd: finished,
      });
    }
    const gone = new AbortController();
    c.env.outgoing.once("close", () => gone.abort());
    const totalMs = firstTokenMs + perTokenMs * Math.max(0, completion.tokens.length - 1);
    finished(await pause(totalMs, AbortSignal.any([closing.signal, gone.signal])));
    return c.json(completionBody(completion));
  });
  app.notFound((c) =>
    apiError(404, `Unknown request URL: ${c.req.method} ${c.req.path}`, "invalid_request_error", null),
  );
  app.onError((error) => apiError(500, `simulator: ${error.message}`, "server_error", null));

  const listening = await listenLoopback(app.fetch, options.port);
  return {
    url: listening.url,
    baseUrl: `${listening.url}/v1`,
    port: listening.port,
    requests: () => journal.all(),
    waitForRequests: (until, timeoutMs = DEFAULT_WAIT_MS) => journal.waitFor(until, timeoutMs),
    setRules: (rules: ModelRule[]) => script.set(rules),
    setFaults: (rules) => faults.set(rules),
    close: async () => {
      closing.abort();
      journal.close();
      await listening.close();
    },
  };
}

function apiError(status: number, message: string, type: string, code: string | null): Response {
  const body = { error: { message, type, param: null, code } };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
