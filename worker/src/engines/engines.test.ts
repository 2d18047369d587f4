import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { closedPort, json, startTestServer, type TestServer } from "../../../test/worker/httpServer.js";
import type { Clock } from "../clock.js";
import { createCommandEngine } from "./command/engine.js";
import { parseCommand } from "./program.js";
import { createEchoEngine } from "./echo/engine.js";
import type { Engine, EngineRequest } from "../engine/engine.js";
import { createOpenAiEngine } from "./openai/engine.js";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

function asking(text: string, more: Partial<EngineRequest> = {}): EngineRequest {
  const signal = new AbortController().signal;
  return {
    messageId: "m",
    attempt: 1,
    conversationId: "c",
    agentKey: "a",
    text,
    history: [],
    metadata: {},
    signal,
    ...more,
  };
}

describe("echo", () => {
  it("repeats the text", async () => {
    expect(await createEchoEngine().run(asking("hi"))).toEqual({ text: "echo: hi" });
  });
});

describe("openai", () => {
  async function against(
    answers: ((response: ServerResponse) => void)[],
  ): Promise<{ engine: Engine; slept: number[] }> {
    server = await startTestServer((_, response, index) =>
      answers[Math.min(index, answers.length - 1)]?.(response),
    );
    const slept: number[] = [];
    const clock: Clock = {
      now: () => 0,
      random: () => 1,
      sleep: (ms) => (slept.push(ms), Promise.resolve()),
    };
    return {
      engine: createOpenAiEngine({
        baseUrl: `${server.baseUrl}/v1`,
        model: "m1",
        apiKey: "sk-very-secret",
        clock,
      }),
      slept,
    };
  }
  const stream =
    (...pieces: string[]) =>
    (response: ServerResponse): void => {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (const piece of pieces) response.write(piece);
      response.end();
    };
  const delta = (content: string): string =>
    `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

  it("sends history and key, and joins a stream cut at any byte", async () => {
    const whole = Buffer.from(
      `: comment\r\n\r\n${delta("Gr")}${delta("üße ")}${delta("😀")}data: [DONE]\n\n`,
    );
    const { engine } = await against([
      (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const byte of whole) response.write(Buffer.from([byte]));
        response.end();
      },
    ]);
    const history = [
      { role: "user" as const, content: "before", at: 1 },
      { role: "tool" as const, content: "result", at: 2 },
    ];
    expect(await engine.run(asking("now", { history, systemPrompt: "be kind" }))).toEqual({
      text: "Grüße 😀",
    });
    expect(server?.received[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: "Bearer sk-very-secret" },
    });
    expect(server?.received[0]?.body).toEqual({
      model: "m1",
      stream: true,
      messages: [
        { role: "system", content: "be kind" },
        { role: "user", content: "before\n\n[Result of a tool]\nresult\n\nnow" },
      ],
    });
  });

  it("takes a whole answer from a server that cannot stream", async () => {
    const { engine } = await against([(r) => json(r, 200, { choices: [{ message: { content: "whole" } }] })]);
    expect(await engine.run(asking("x"))).toEqual({ text: "whole" });
  });

  it("repeats when the server is busy, fails or drops the connection, and honours retry-after", async () => {
    const { engine, slept } = await against([
      (r) => json(r, 429, { error: { message: "slow down" } }, { "retry-after": "2" }),
      (r) => void r.destroy(),
      stream(delta("ok"), "data: [DONE]\n\n"),
    ]);
    expect(await engine.run(asking("x"))).toEqual({ text: "ok" });
    expect(slept).toEqual([2_000, 1_000]);
  });

  it.each<[string, (response: ServerResponse) => void, object, number]>([
    [
      "a wrong key, without the key",
      (r) => json(r, 401, { error: { message: "bad key sk-very-secret" } }),
      { kind: "refused", retryable: false, message: "openai: HTTP 401: bad key [redacted]" },
      1,
    ],
    ["failures for ever", (r) => json(r, 503, {}), { kind: "unavailable", retryable: true }, 3],
    ["a long retry-after", (r) => json(r, 429, {}, { "retry-after": "3600" }), { kind: "unavailable" }, 1],
    ["no text", stream(delta(""), "data: [DONE]\n\n"), { kind: "empty", retryable: true }, 1],
    ["half a stream", stream(delta("half an ans")), { kind: "unavailable" }, 1],
    ["garbage in a stream", stream("data: {oops\n\n"), { kind: "crashed" }, 1],
    ["another shape", (r) => json(r, 200, { hello: 1 }), { kind: "crashed" }, 1],
  ])("types %s", async (_, answer, expected, requests) => {
    const { engine } = await against([answer]);
    await expect(engine.run(asking("x"))).rejects.toMatchObject(expected);
    expect(server?.received).toHaveLength(requests);
  });

  it("types an unreachable server and an abort", async () => {
    const clock: Clock = { now: () => 0, random: () => 1, sleep: () => Promise.resolve() };
    const unreachable = createOpenAiEngine({ baseUrl: await closedPort(), model: "m", clock });
    await expect(unreachable.run(asking("x"))).rejects.toMatchObject({
      kind: "unavailable",
      retryable: true,
    });
    const { engine } = await against([() => undefined]);
    const lost = new AbortController();
    setTimeout(() => lost.abort(), 20);
    await expect(engine.run(asking("x", { signal: lost.signal }))).rejects.toMatchObject({ kind: "aborted" });
  });
});

describe("command", () => {
  const node = (script: string, env: Record<string, string | undefined> = process.env): Engine =>
    createCommandEngine({ argv: [process.execPath, "-e", script], env, killGraceMs: 30 });
  const echoStdin = "process.stdin.on('data', (d) => process.stdout.write(d))";

  it("gives the prompt on stdin and takes stdout as the answer", async () => {
    expect(await node(echoStdin).run(asking("hello"))).toEqual({ text: "hello" });
    const history = [{ role: "assistant" as const, content: "earlier", at: 1 }];
    expect((await node(echoStdin).run(asking("hello", { history }))).text).toBe(
      "assistant: earlier\n\nuser: hello",
    );
  });

  it("passes on an allow-listed environment only, and no shell sees the arguments", async () => {
    const env = { PATH: process.env["PATH"], AGENT_TOKEN: "secret", OPENAI_API_KEY: "secret" };
    const { text } = await node("console.log(JSON.stringify(process.env))", env).run(asking("x"));
    expect(JSON.parse(text)).toMatchObject({ AGENT_FACTORY_AGENT_KEY: "a", AGENT_FACTORY_MESSAGE_ID: "m" });
    expect(text).not.toContain("secret");
    const literal = createCommandEngine({
      argv: [process.execPath, "-p", "process.argv[1]", "$(id); x"],
      env,
    });
    expect((await literal.run(asking("x"))).text).toBe("$(id); x");
  });

  it.each([
    [
      "a crash with the end of its complaints",
      "console.error('x'.repeat(9999) + 'boom'); process.exit(3)",
      { kind: "crashed", retryable: true },
    ],
    ["no output", "", { kind: "empty" }],
    [
      "too much output",
      "const b = 'x'.repeat(1e5); setInterval(() => process.stdout.write(b), 1)",
      { kind: "refused" },
    ],
  ])("types %s", async (_, script, expected) => {
    await expect(node(script).run(asking("x"))).rejects.toMatchObject(expected);
  });

  it("bounds what it quotes from stderr", async () => {
    const failure = node("console.error('x'.repeat(9999) + 'boom'); process.exit(3)").run(asking("x"));
    await expect(failure).rejects.toThrow(/^command: exit code 3: x{400,500}boom$/);
  });

  it("types a program that does not exist", async () => {
    const engine = createCommandEngine({ argv: ["/does/not/exist"], env: {} });
    await expect(engine.run(asking("x"))).rejects.toMatchObject({
      kind: "unavailable",
      message: "command: could not be started (ENOENT)",
    });
  });

  it("kills the whole group on abort, also one that ignores SIGTERM and its children", async () => {
    const script = `process.on('SIGTERM', () => {});
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      setInterval(() => {}, 1000); console.error(child.pid);`;
    const lost = new AbortController();
    const running = node(script).run(asking("x", { signal: lost.signal }));
    setTimeout(() => lost.abort(), 150);
    await expect(running).rejects.toMatchObject({ kind: "aborted" });
  });

  it("does not wait for a child that its program left behind", async () => {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).unref();
      console.log('done'); process.exit(0)`;
    expect(await node(script).run(asking("x"))).toEqual({ text: "done" });
  });

  it.each([
    ["both pipes", "setsid sleep 5 &"],
    ["stdout", "setsid sleep 5 2>/dev/null &"],
    ["stderr", "setsid sleep 5 >/dev/null &"],
    ["a pipe that it goes on writing to", "setsid sh -c 'while sleep 0.02; do printf .; done' &"],
  ])("a helper in a session of its own that holds %s does not hold the answer back", async (_, helper) => {
    const argv = ["sh", "-c", `${helper} echo $! >&2; sleep 0.3; echo answer; exit 3`] as const;
    const startedAt = Date.now();
    const failure = await createCommandEngine({ argv: [...argv], env: process.env, killGraceMs: 30 })
      .run(asking("x"))
      .catch((error: unknown) => error as Error);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    const [, pid = ""] = /exit code 3: (\d+)$/.exec("message" in failure ? failure.message : "") ?? [];
    // It has left the group, so it is this test's to end.
    process.kill(-Number(pid), "SIGKILL");
    const whole = "setsid sleep 2 & head -c 900000 /dev/zero | tr '\\0' x";
    const long = createCommandEngine({ argv: ["sh", "-c", whole], env: process.env });
    if (helper.includes("sleep 5 &")) expect((await long.run(asking("x"))).text).toHaveLength(900_000);
  });

  it("an abort ends the run although a helper holds the pipes", async () => {
    const argv = ["sh", "-c", "setsid sleep 3 & sleep 30"] as const;
    const engine = createCommandEngine({ argv: [...argv], env: process.env, killGraceMs: 30 });
    const startedAt = Date.now();
    await expect(engine.run(asking("x", { signal: AbortSignal.timeout(200) }))).rejects.toMatchObject({
      kind: "aborted",
    });
    expect(Date.now() - startedAt).toBeLessThan(2_500);
  });

  it.each([
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["256 and true colours", "\u001b[38;5;196ma\u001b[48;2;1;2;3mb\u001b[m", "ab"],
    ["a title with spaces", "\u001b]0;my own title\u0007text", "text"],
    ["a link", "\u001b]8;;https://x.y\u001b\\here\u001b]8;;\u001b\\", "here"],
    ["one-byte codes", "\u009b31mred\u009b0m", "red"],
    ["movements and modes", "\u001b[2K\u001b[1G\u001b[?25ltext\u001b[?25h\u001b(B\u001b=", "text"],
    ["a line written over", "10%\r50%\rdone\r\nnext\r\n", "done\nnext"],
    ["overstriking", "b\bbo\bo_\bx", "box"],
    ["bells and zeros", "a\u0007b\0c", "abc"],
    ["an unfinished code", "text\u001b[", "text"],
    ["tabs and emoji", "a\tb 👩‍👧", "a\tb 👩‍👧"],
  ])("takes %s out of the answer", async (_, written, text) => {
    const script = `process.stdout.write(${JSON.stringify(written)})`;
    expect(await node(script).run(asking("x"))).toEqual({ text });
  });

  it("makes of half a character what can be stored, in the answer and in the reason of a failure", async () => {
    const half = "process.stdout.write(Buffer.from([0x61, 0xf0, 0x9f]))";
    expect((await node(half).run(asking("x"))).text).toBe("a\ufffd");
    const failure = node("process.stderr.write('😀'.repeat(1000)); process.exit(3)").run(asking("x"));
    await expect(failure).rejects.toThrow(/^command: exit code 3: (😀){200,250}$/u);
  });

  it("hands the system prompt over by itself, and says when it cannot be started", async () => {
    const show = "process.stdout.write(process.env.AGENT_FACTORY_SYSTEM_PROMPT ?? 'none')";
    expect((await node(show).run(asking("x", { systemPrompt: "be\0 kind" }))).text).toBe("be kind");
    expect((await node(show).run(asking("x", { systemPrompt: "x".repeat(200_000) }))).text).toBe("none");
    const connections = { BIG: "x".repeat(200_000) };
    await expect(node(show).run(asking("x", { connections }))).rejects.toMatchObject({
      kind: "unavailable",
      message: "command: could not be started (E2BIG)",
    });
  });

  it("reads a JSON array or simple words, nothing that would need a shell", () => {
    expect(parseCommand('["a b","c"]')).toEqual(["a b", "c"]);
    expect(parseCommand(" python  agent.py --fast ")).toEqual(["python", "agent.py", "--fast"]);
    for (const bad of ["", "[]", "[1]", "[oops", 'echo "x y"', "a | b", "echo $HOME"])
      expect(parseCommand(bad)).toBeNull();
  });
});
