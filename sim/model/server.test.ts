import { afterEach, describe, expect, it, vi } from "vitest";
import { startModelServer, type ModelServer, type ModelServerOptions } from "./index.js";

const servers: ModelServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: ModelServerOptions = {}) {
  const server = await startModelServer(options);
  servers.push(server);
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const ask = async (messages: unknown[], more: Record<string, unknown> = {}) =>
    (await (await post({ model: "sim-1", messages, ...more })).json()) as Completion;
  return { server, post, ask };
}

interface Completion {
  object: string;
  choices: {
    message: { content: string | null; tool_calls?: unknown[] };
    delta: { role?: string; content?: string | null; tool_calls?: unknown[] };
    finish_reason: string | null;
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
}

const user = (content: unknown) => ({ role: "user", content });

/** Events of a streamed answer; `[DONE]` stays text. */
async function events(response: Response): Promise<(Completion | "[DONE]")[]> {
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""))
    .map((data) => (data === "[DONE]" ? data : (JSON.parse(data) as Completion)));
}
const chunksOf = (list: (Completion | "[DONE]")[]) => list.filter((event) => event !== "[DONE]");

describe("answers", () => {
  it("without a script: `answer to: <last user text>`, with usage", async () => {
    const { ask } = await start();
    const body = await ask([{ role: "system", content: "be nice" }, user("first"), user("hello you")]);
    expect(body.object).toBe("chat.completion");
    expect(body.choices[0]).toMatchObject({
      message: { role: "assistant", content: "answer to: hello you" },
      finish_reason: "stop",
    });
    expect(body.usage).toEqual({ prompt_tokens: 6, completion_tokens: 4, total_tokens: 10 });
  });

  it("of a rule are the recorded bytes of another server, whatever they are", async () => {
    const recorded = { body: "event: error\r\ndata: busy\r\n\r\n", status: 503, contentType: "text/plain" };
    const { post, server } = await start({ rules: [{ lastUser: "odd", recorded, times: 1 }] });
    const response = await post({ model: "m", messages: [user("odd")], stream: true });
    expect([response.status, response.headers.get("content-type")]).toEqual([503, "text/plain"]);
    expect(await response.text()).toBe(recorded.body);
    expect(server.requests()).toMatchObject([{ outcome: "recorded" }]);
    expect((await post({ model: "m", messages: [user("odd")] })).status).toBe(200);
  });

  it("joins text parts", async () => {
    const { ask } = await start();
    const body = await ask([
      user([{ type: "text", text: "a " }, { type: "image_url" }, { type: "text", text: "b" }]),
    ]);
    expect(body.choices[0]?.message.content).toBe("answer to: a b");
  });

  it("skips OpenClaw's internal context and takes its wrapper off", async () => {
    const { ask, server } = await start();
    const wrapped =
      "[Fri 2026-11-20 20:15 UTC] line 1\n\nline 2\n\nRuntime: agent=main | session=x | model=fake/fake-1";
    const body = await ask([user(wrapped), user("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nnoise")]);
    expect(body.choices[0]?.message.content).toBe("answer to: line 1\n\nline 2");
    expect(server.requests()[0]?.lastUserText).toBe("line 1\n\nline 2");
  });

  it("leaves brackets and the word Runtime in ordinary text alone", async () => {
    const { ask } = await start();
    const text = "[note] a\n\nRuntime: python";
    expect((await ask([user(text)])).choices[0]?.message.content).toBe(`answer to: ${text}`);
  });

  it("the first matching rule answers until it is spent", async () => {
    const { ask, server } = await start({
      rules: [
        { lastUser: /^weather/gi, times: 1, answer: "sunny ({{text}})" },
        { lastUser: "soup", answer: ({ lastUserText, model }) => `${model}: ${lastUserText.length}` },
        { model: "other", answer: "from other" },
      ],
    });
    const text = async (content: string, model = "sim-1") =>
      (await ask([user(content)], { model })).choices[0]?.message.content;
    expect(await text("Weather?")).toBe("sunny (Weather?)");
    expect(await text("Weather?")).toBe("answer to: Weather?");
    expect(await text("soup")).toBe("sim-1: 4");
    expect(await text("x", "other")).toBe("from other");
    server.setRules([{ answer: "new" }]);
    expect(await text("soup")).toBe("new");
  });

  it("a scripted error answers with its status in OpenAI's shape", async () => {
    const { post, server } = await start({
      rules: [{ error: { status: 429, message: "slow down", type: "rate_limit" } }],
    });
    const response = await post({ model: "sim-1", messages: [user("x")] });
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({
      error: { message: "slow down", type: "rate_limit", param: null, code: null },
    });
    expect(server.requests()[0]?.outcome).toBe("error");
  });
});

describe("streaming", () => {
  it("sends role, tokens, finish reason, usage and [DONE]", async () => {
    const { post } = await start();
    const body = {
      model: "sim-1",
      messages: [user("a b")],
      stream: true,
      stream_options: { include_usage: true },
    };
    const response = await post(body);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const list = await events(response);
    expect(list.at(-1)).toBe("[DONE]");
    const chunks = chunksOf(list);
    expect(chunks.every(({ object }) => object === "chat.completion.chunk")).toBe(true);
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("answer to: a b");
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-2)?.usage).toBeNull();
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } });
  });

  it("without include_usage there is none", async () => {
    const { post } = await start();
    const chunks = chunksOf(
      await events(await post({ model: "sim-1", messages: [user("a")], stream: true })),
    );
    expect(chunks.every((chunk) => chunk.usage === undefined && chunk.choices.length === 1)).toBe(true);
  });

  it("waits before the first and each further token, and streams while it waits", async () => {
    const { post } = await start({ firstTokenMs: 30, perTokenMs: 20 });
    const started = performance.now();
    const response = await post({ model: "sim-1", messages: [user("x")], stream: true });
    const reader = response.body?.getReader();
    await reader?.read();
    const first = performance.now() - started;
    while (!(await reader?.read())?.done);
    const total = performance.now() - started;
    expect(total).toBeGreaterThanOrEqual(68);
    expect(first).toBeLessThan(total - 30);
  });

  it("a cut answer delivers its first chunks and then breaks", async () => {
    const { post, server } = await start({ rules: [{ answer: "one two three", cutAfterChunks: 2 }] });
    const response = await post({ model: "sim-1", messages: [user("x")], stream: true });
    let text = "";
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    const reading = (async () => {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        text += decoder.decode(part.value, { stream: true });
      }
    })();
    await expect(reading).rejects.toThrow();
    expect(text).toContain('"one "');
    expect(text).toContain('"two "');
    expect(text).not.toContain("three");
    await server.waitForRequests(([request]) => request?.outcome === "aborted", 2_000);
  });

  it("notices a client that leaves", async () => {
    const { server } = await start({ perTokenMs: 50 });
    const leaving = new AbortController();
    const response = await fetch(`${server.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", messages: [user("a b c d e f g h i j k")], stream: true }),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    const [request] = await server.waitForRequests(([first]) => first?.outcome !== "open", 2_000);
    expect(request?.outcome).toBe("aborted");
  });
});

describe("tool calls", () => {
  const rules = [
    { afterTool: false, toolCalls: [{ name: "exec", arguments: { command: "date" } }] },
    { afterTool: true, answer: "the tool said {{tool}}" },
  ];

  it("calls the tool, then answers from its result", async () => {
    const { ask, server } = await start({ rules });
    const first = await ask([user("when?")]);
    expect(first.choices[0]).toMatchObject({
      message: {
        content: null,
        tool_calls: [{ type: "function", function: { name: "exec", arguments: '{"command":"date"}' } }],
      },
      finish_reason: "tool_calls",
    });
    const history = [user("when?"), { role: "assistant", content: null }, { role: "tool", content: "now" }];
    expect((await ask(history)).choices[0]?.message.content).toBe("the tool said now");
    await vi.waitFor(() =>
      expect(server.requests().map(({ outcome }) => outcome)).toEqual(["toolCalls", "answered"]),
    );
  });

  it("streams them as deltas", async () => {
    const { post } = await start({ rules });
    const chunks = chunksOf(
      await events(await post({ model: "sim-1", messages: [user("x")], stream: true })),
    );
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toMatchObject([
      { index: 0, function: { name: "exec" } },
    ]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });
});

describe("refusals and faults", () => {
  it("checks the API key and keeps it out of the log", async () => {
    const { post, server } = await start({ apiKeys: ["sk-good"] });
    const body = { model: "sim-1", messages: [user("x")] };
    expect((await post(body)).status).toBe(401);
    const wrong = await post(body, { authorization: "Bearer sk-bad" });
    expect(await wrong.json()).toMatchObject({ error: { code: "invalid_api_key" } });
    expect((await fetch(`${server.baseUrl}/models`)).status).toBe(401);
    expect((await post(body, { authorization: "Bearer sk-good" })).status).toBe(200);
    expect(server.requests()).toHaveLength(1);
    expect(JSON.stringify(server.requests())).not.toContain("sk-");
  });

  it("lists models, and with a list refuses others", async () => {
    const { post, server } = await start({ models: ["a"] });
    expect(await (await fetch(`${server.baseUrl}/models`)).json()).toMatchObject({ data: [{ id: "a" }] });
    const response = await post({ model: "b", messages: [user("x")] });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "model_not_found" } });
  });

  it.each([
    [{}],
    [{ model: "m", messages: [] }],
    [{ model: "m", messages: [{ role: "robot", content: "x" }] }],
  ])("refuses %o with 400", async (body) => {
    const { post } = await start();
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });

  it("fault rules hold for both kinds of answer; a lost reply was still counted", async () => {
    const { post, server } = await start({ faults: [{ kind: "status", status: 500, count: 1 }] });
    const body = { model: "sim-1", messages: [user("x")] };
    expect((await post(body)).status).toBe(500);
    expect(server.requests()).toHaveLength(0);
    server.setFaults([{ kind: "dropAfter", path: "/v1/chat/completions", count: 2 }]);
    await expect(post(body)).rejects.toThrow();
    await expect(post({ ...body, stream: true })).rejects.toThrow();
    expect(server.requests()).toHaveLength(2);
    expect((await post(body)).status).toBe(200);
  });

  it("close ends a slow answer at once", async () => {
    const { post, server } = await start({ firstTokenMs: 60_000 });
    const slow = post({ model: "sim-1", messages: [user("x")] }).catch(() => "cut");
    const streamed = post({ model: "sim-1", messages: [user("x")], stream: true })
      .then((response) => response.text())
      .catch(() => "cut");
    await server.waitForRequests(2);
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    await slow;
    expect(await streamed).not.toContain("[DONE]");
  });
});
