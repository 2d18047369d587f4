/** What a machine that is short of something, or a program that writes anything, does to the worker. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { createFileExchange } from "../attachments/exchange.js";
import { createCommandEngine } from "./command/engine.js";
import { engineErrorOf } from "../engine/engine.js";
import { plainText } from "./command/terminal.js";

const command = fileURLToPath(new URL("./command/engine.ts", import.meta.url));

it("a program that cannot be started for want of file descriptors costs neither the worker nor the message", async () => {
  // One more than a program's pipes need is left: Node then gives a child without pipes, and the error later.
  const script = `
    import { openSync, closeSync } from "node:fs";
    const { createCommandEngine } = await import(${JSON.stringify(command)});
    const engine = createCommandEngine({ argv: ["cat"], env: process.env });
    const asked = { messageId: "m", attempt: 1, conversationId: "c", agentKey: "a", text: "hi", history: [], metadata: {} };
    const ask = () => engine.run({ ...asked, signal: AbortSignal.timeout(10_000) }).then(({ text }) => text, (error) => error.kind + " " + error.message);
    const opened = [];
    const before = await ask();
    try { for (;;) opened.push(openSync("/dev/null")); } catch {}
    const without = await ask();
    for (const file of opened) closeSync(file);
    console.log([before, without, await ask()].join("\\n"));`;
  const shell = ["-c", 'ulimit -n 128; exec "$@"', "sh", process.execPath, "--import", "tsx"];
  const run = promisify(execFile)("sh", [...shell, "--input-type=module", "-e", script], { timeout: 60_000 });
  expect((await run).stdout.trim().split("\n")).toEqual([
    "hi",
    "unavailable command: could not be started (EMFILE)",
    "hi",
  ]);
}, 60_000);

it("a failed system call blames the machine, and a bug the message", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, mkdtemp '/tmp/x'"), {
    code: "ENOSPC",
    syscall: "mkdtemp",
  });
  expect(engineErrorOf("command", full)).toMatchObject({
    kind: "unavailable",
    blames: "service",
    message: "command: ENOSPC",
  });
  expect(engineErrorOf("command", new TypeError("/secret"))).toMatchObject({
    kind: "crashed",
    blames: "message",
    message: "command: unexpected TypeError",
  });
  vi.stubEnv("TMPDIR", "/dev/null");
  try {
    const exchange = createFileExchange({ uploadUrl: () => Promise.reject(new Error("not asked")) });
    const { signal } = new AbortController();
    const lacking = exchange.receive([{ status: "expired", kind: "photo" }], signal);
    await expect(lacking).rejects.toMatchObject({ kind: "unavailable", blames: "service" });
  } finally {
    vi.unstubAllEnvs();
  }
});

it("no conversation's name makes a program impossible to start", async () => {
  const script = "process.stdout.write(process.env.AGENT_FACTORY_CONVERSATION_ID ?? 'none')";
  const engine = createCommandEngine({ argv: [process.execPath, "-e", script], env: process.env });
  const asked = { messageId: "m", attempt: 1, agentKey: "a", text: "hi", history: [], metadata: {} };
  const nameOf = async (conversationId: string) =>
    (await engine.run({ ...asked, conversationId, signal: AbortSignal.timeout(10_000) })).text;
  expect(await nameOf("user:a\0b")).toBe("user:ab");
  expect(await nameOf("x".repeat(200_000))).toBe("none");
});

it.each([
  ["a counter", "10%\b\b\b20%\b\b\b100%\n", "100%\n"],
  ["a spinner of pictures", "🌑\b\b🌒\b\b🌓 done", "🌓 done"],
  ["a rest that is shorter", "working...\b\b\b\b\b\b\b\b\b\bok        ", "ok        "],
  ["an accent", "e\u0301\be\u0301", "e\u0301"],
  ["more than there is", "\b\b\bx", "x"],
  ["nothing behind it", "abc\b", "abc"],
  ["a title that is broken off", "\u001b]0;ti\u001b[31mred", "red"],
])("a line that goes back over %s shows what a terminal shows", (_, written, shown) => {
  expect(plainText(written)).toBe(shown);
});

it.each(["\u0090", "\u001b]", "\u001b[", "\u001b[0", "\r", "\b", "a\b", "\u009b0 "])(
  "a megabyte of %j does not hold the worker up",
  (piece) => {
    const startedAt = performance.now();
    plainText(`${piece.repeat(500_000)}\u001bx`);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  },
);
