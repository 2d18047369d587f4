/** Streams as servers in use send them, recorded in `test/worker/modelStreams`, through the engine over a real socket. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { json, startTestServer, type TestServer } from "../../../../test/worker/httpServer.js";
import type { EngineRequest, EngineTurn } from "../../engine/engine.js";
import { createOpenAiEngine } from "./engine.js";
import { retryAfterMs } from "../retryAfter.js";
import { wordsOf } from "../words.js";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const zSent = z.object({ messages: z.array(z.object({ role: z.string(), content: z.unknown() })) });
type Sent = z.output<typeof zSent>["messages"];

/** Asks a server that answers with `answers`, the last one again and again. */
async function ask(
  answer: (response: ServerResponse, sent: Sent, index: number) => unknown,
  more: Partial<EngineRequest> = {},
) {
  server = await startTestServer((request, response, index) => {
    answer(response, zSent.parse(request.body).messages, index);
  });
  const slept: number[] = [];
  const clock = { now: () => 0, random: () => 1, sleep: (ms: number) => (slept.push(ms), Promise.resolve()) };
  const engine = createOpenAiEngine({ baseUrl: server.baseUrl, model: "m", apiKey: "sk-very-secret", clock });
  const request = { messageId: "m", attempt: 1, conversationId: "c", agentKey: "a", text: "hi", history: [] };
  const signal = AbortSignal.timeout(20_000);
  const answered = await engine.run({ ...request, metadata: {}, signal, ...more }).then(
    ({ text }) => ({ text }),
    (error: unknown) => ({ error }),
  );
  return { ...answered, slept, sent: server.received.map(({ body }) => zSent.parse(body).messages) };
}

const folder = new URL("../../../../test/worker/modelStreams/", import.meta.url);
const bytesOf = (name: string): Buffer => readFileSync(new URL(name, folder));
const stream =
  (bytes: Buffer | string, type = "text/event-stream; charset=utf-8") =>
  (to: ServerResponse) =>
    to.writeHead(200, { "content-type": type }).end(bytes);
const four = 'data: {"choices":[{"delta":{"content":"four"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

it.each(["sk-abc\u200bdef", "sk-1\nsk-2"])(
  "a key that no header can carry, %j, is refused at the start and at each run, not taken for a broken connection",
  async (apiKey) => {
    const clock = { now: () => 0, random: () => 1, sleep: () => Promise.resolve() };
    server = await startTestServer((_request, response) => json(response, 200, {}));
    const engine = createOpenAiEngine({ baseUrl: server.baseUrl, model: "m", apiKey, clock });
    const refusal = { kind: "refused", retryable: false, blames: "service" };
    const request = {
      messageId: "m",
      attempt: 1,
      conversationId: "c",
      agentKey: "a",
      text: "hi",
      history: [],
    };
    const signal = AbortSignal.timeout(20_000);
    for (const refused of [engine.start(), engine.run({ ...request, metadata: {}, signal })]) {
      const error: unknown = await refused.catch((reason: unknown) => reason);
      expect(error).toMatchObject(refusal);
      expect(JSON.stringify([String(error), error])).not.toContain("sk-");
    }
    expect(server.received).toEqual([]);
  },
);

describe("an answer is read", () => {
  const answers = readdirSync(new URL("answers/", folder));
  const types = [
    "text/event-stream; charset=utf-8",
    "application/json",
    "application/x-ndjson",
    "text/plain",
  ];
  it.each(answers)("of %s, whatever type it is called", async (name) => {
    for (const type of types) {
      expect(await ask(stream(bytesOf(`answers/${name}`), type))).toMatchObject({ text: "four" });
      await server?.close();
    }
  });

  it.each(["openai.txt", "carriage-returns.txt", "crlf-and-byte-order-mark.txt", "ollama-own-form.ndjson"])(
    "of %s, cut at any byte",
    async (name) => {
      const bytes = Buffer.from(bytesOf(`answers/${name}`).toString("utf8").replaceAll("ur", "ü😀"));
      const { text } = (await ask((to) => {
        to.writeHead(200);
        for (const byte of bytes) to.write(Buffer.from([byte]));
        to.end();
      })) as { text?: string };
      expect(text).toBe("foü😀");
    },
  );

  it("with half a character at its end made well-formed", async () => {
    expect(await ask(stream(four.replace("four", "four \\ud83c")))).toMatchObject({ text: "four \ufffd" });
  });
});

describe("what is no whole answer is a failure with the server's words", () => {
  const failures = z
    .record(z.string(), z.object({ kind: z.string(), says: z.string() }))
    .parse(JSON.parse(bytesOf("failures.json").toString("utf8")));
  it.each(Object.entries(failures))("%s", async (name, { kind, says }) => {
    const { error } = (await ask(stream(bytesOf(`failures/${name}`)))) as { error?: unknown };
    expect(error).toMatchObject({
      kind,
      message: expect.stringContaining(says),
      blames: kind === "unavailable" ? "service" : "message",
    });
  });

  it.each([
    [{ error: "just text" }, "just text"],
    [{ error: { message: "in an object" } }, "in an object"],
    [{ detail: "in detail" }, "in detail"],
    [{ detail: [{ loc: ["body"], msg: "field required" }] }, "field required"],
    [{ object: "error", message: "flat" }, "flat"],
    [{ errors: [{ message: "first of many" }] }, "first of many"],
    [[{ error: { message: "in a list" } }], "in a list"],
    [{ error: { message: "Provider returned error", metadata: { raw: "own words" } } }, "own words"],
    [{ error: { code: "model_not_found" } }, "model_not_found"],
    [{}, "no error message"],
  ])("an error %j is quoted", (body, words) => expect(wordsOf(JSON.stringify(body))).toContain(words));

  it("a page is quoted by its title, text as it is, and nothing is cut inside a character", () => {
    expect(wordsOf("<html><head><title>502 Bad Gateway</title></head><body>x</body></html>")).toBe(
      "502 Bad Gateway",
    );
    expect(wordsOf("upstream connect error\n")).toBe("upstream connect error");
    expect(wordsOf(JSON.stringify({ error: "😀".repeat(400) }))).toBe("😀".repeat(150));
  });
});

describe("a failure says what it blames", () => {
  it.each([
    [429, { error: { message: "slow down" } }, { kind: "unavailable", retryable: true, blames: "service" }],
    [529, { error: { message: "overloaded" } }, { kind: "unavailable", retryable: true, blames: "service" }],
    [401, { error: { message: "bad key" } }, { kind: "refused", retryable: false, blames: "service" }],
    [400, { error: { message: "bad field" } }, { kind: "refused", retryable: false, blames: "message" }],
    [
      500,
      { error: { message: "the request exceeds the available context size" } },
      { kind: "refused", retryable: false, blames: "message" },
    ],
    [
      400,
      { error: { code: "content_filter", message: "filtered by the content management policy" } },
      { kind: "refused", retryable: false, blames: "message" },
    ],
  ])("HTTP %i %j", async (status, body, expected) => {
    expect((await ask((to) => json(to, status, body))) as unknown).toMatchObject({ error: expected });
  });

  it.each<[Record<string, string>, string, number | null]>([
    [{ "retry-after": "20" }, "", 20_000],
    [{ "retry-after": "0.5" }, "", 500],
    [{ "retry-after": "Thu, 01 Jan 1970 00:01:00 GMT" }, "", 60_000],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, "", 0],
    [{ "retry-after": "1m2s" }, "", 62_000],
    [{ "retry-after-ms": "1500", "retry-after": "2" }, "", 1_500],
    [{ "x-ms-retry-after-ms": "700" }, "", 700],
    [{}, '{"error":{"message":"Rate limit reached. Please try again in 6m0.5s."}}', 360_500],
    [{}, '{"error":{"message":"Please try again in 820ms. Visit https://x"}}', 820],
    [{}, '{"error":{"details":[{"@type":"RetryInfo","retryDelay":"34.07s"}]}}', 34_070],
    [{}, '{"detail":"busy","retry_after":7}', 7_000],
    [{ "retry-after": "soon" }, "busy", null],
    [{ "retry-after": "-1" }, "", null],
  ])("%j %s asks for %d ms", (headers, body, ms) => {
    const now = headers["retry-after"]?.includes("00:00:00") ? 5_000 : 0;
    expect(retryAfterMs(new Headers(headers), body, now)).toBe(ms);
  });

  it("a long wait is left to the queue, a short one is waited here", async () => {
    const long = await ask((to) => json(to, 429, {}, { "retry-after": "3600" }));
    expect(long).toMatchObject({ error: { retryAfterMs: 3_600_000, blames: "service" }, slept: [] });
    await server?.close();
    const short = await ask((to, _, index) =>
      index === 0 ? json(to, 503, {}, { "retry-after": "3" }) : stream(four)(to),
    );
    expect(short).toMatchObject({ text: "four", slept: [3_000] });
  });
});

describe("the order of turns is one that every chat template takes", () => {
  const turn = (role: EngineTurn["role"], content: string = role): EngineTurn => ({ role, content, at: 0 });
  it.each<[string, EngineTurn[]]>([
    ["none", []],
    ["the assistant first", [turn("assistant"), turn("user"), turn("assistant")]],
    ["a tool in the middle", [turn("user"), turn("assistant"), turn("tool"), turn("assistant")]],
    ["two users, then a tool", [turn("user"), turn("user"), turn("tool")]],
    ["a system's word in the middle", [turn("user"), turn("system", "be brief"), turn("assistant")]],
    ["blank ones", [turn("assistant", " "), turn("user"), turn("assistant", ""), turn("user")]],
  ])("%s", async (_, history) => {
    const { sent } = await ask(stream(four), { history, systemPrompt: "be kind" });
    const [system, ...rest] = sent[0] ?? [];
    expect(system?.role).toBe("system");
    expect(rest.map(({ role }) => role)).toEqual(
      rest.map((__, index) => (index % 2 === 0 ? "user" : "assistant")),
    );
    expect(rest.length % 2).toBe(1);
    const said = JSON.stringify(sent[0]);
    for (const { content } of history) if (content.trim() !== "") expect(said).toContain(content);
  });

  it("a server that takes no system's words gets them from the user", async () => {
    const { sent, ...rest } = await ask(
      (to, messages) =>
        messages[0]?.role === "system"
          ? json(to, 400, { error: { message: "System role not supported" } })
          : stream(four)(to),
      { systemPrompt: "be kind" },
    );
    expect(rest).toMatchObject({ text: "four" });
    expect(sent[1]).toEqual([{ role: "user", content: "be kind\n\nhi" }]);
  });
});

describe("a message with a picture", () => {
  const photo = async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "pictures-"));
    const file = path.join(dir, "p.jpg");
    await writeFile(file, "jpg");
    const attachments = [
      { kind: "photo" as const, fileName: "p.jpg", mimeType: "image/jpeg", sizeBytes: 3, path: file },
    ];
    return { attachments, done: () => rm(dir, { recursive: true, force: true }) };
  };
  it.each([
    [400, { error: { message: "messages[0]: unknown variant `image_url`, expected `text`" } }],
    [404, { error: { message: "No endpoints found that support image input" } }],
    [400, { object: "error", message: "At most 0 image(s) may be provided in one prompt." }],
    [500, { error: { message: "image input is not supported - you may need to provide the mmproj" } }],
    [
      400,
      {
        error: {
          message: "json: cannot unmarshal array into Go struct field .messages.content of type string",
        },
      },
    ],
    [422, { detail: [{ loc: ["body", "messages", 0, "content"], msg: "content must be a string" }] }],
    [413, "<html><head><title>413 Request Entity Too Large</title></head></html>"],
  ])("is sent without it when the server says %i %j", async (status, refusal) => {
    const { attachments, done } = await photo();
    const { sent, ...rest } = await ask(
      (to, messages) =>
        Array.isArray(messages.at(-1)?.content) ? json(to, status, refusal) : stream(four)(to),
      { attachments },
    );
    await done();
    expect(rest).toMatchObject({ text: "four", slept: [] });
    expect(sent[1]?.at(-1)?.content).toContain("p.jpg");
  });

  it("that is refused for another reason is not repeated", async () => {
    const { attachments, done } = await photo();
    const { sent, error } = (await ask((to) => json(to, 400, { error: "bad temperature" }), {
      attachments,
    })) as {
      sent: unknown[];
      error?: unknown;
    };
    await done();
    expect([sent.length, error]).toEqual([1, expect.objectContaining({ kind: "refused" })]);
  });
});

it("a first byte and a next one are waited for beyond the limits of the process's own way out", async () => {
  const before = getGlobalDispatcher();
  const hasty = new Agent({ headersTimeout: 30, bodyTimeout: 30 });
  setGlobalDispatcher(hasty);
  try {
    const answered = await ask((to) => {
      setTimeout(() => {
        to.writeHead(200).write(": thinking\n\n");
        setTimeout(() => to.end(four), 1_500);
      }, 1_500);
    });
    expect(answered).toMatchObject({ text: "four", slept: [] });
    expect(answered.sent).toHaveLength(1);
  } finally {
    setGlobalDispatcher(before);
    await hasty.destroy();
  }
});
