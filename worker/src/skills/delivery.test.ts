import { EventEmitter } from "node:events";
import { convexTest } from "convex-test";
import { httpRouter } from "convex/server";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { componentModules } from "../../../test/component/world.js";
import { aJob } from "../../../test/worker/fakes.js";
import { MemoryServer } from "../../../test/worker/memoryServer.js";
import { registerRoutes } from "../../../src/client/registerRoutes.js";
import type { ComponentApi } from "../../../src/component/_generated/component.js";
import { api } from "../../../src/component/_generated/api.js";
import schema from "../../../src/component/schema.js";
import { readEnv } from "../env.js";
import { runWorker } from "../main.js";

const { lib } = api;
const source = "export default async () => 'it rains';";

/** The real component behind the real routes, over a real socket. */
async function startApp() {
  const t = convexTest({ schema, modules: componentModules, transactionLimits: true });
  const http = httpRouter();
  registerRoutes(http, { lib } as unknown as ComponentApi);
  const operations: string[] = [];
  const ctx = { runQuery: t.query.bind(t), runMutation: t.mutation.bind(t) };
  const server: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const url = `http://app${request.url ?? ""}`;
      const [handler] = http.lookup(new URL(url).pathname, "POST") ?? [];
      const { _handler } = handler as unknown as {
        _handler: (ctx: unknown, request: Request) => Promise<Response>;
      };
      operations.push(url.split("/").at(-1) ?? "");
      const headers = { authorization: request.headers.authorization ?? "" };
      const reply = await _handler(
        ctx,
        new Request(url, { method: "POST", headers, body: Buffer.concat(chunks).toString() }),
      );
      response.writeHead(reply.status).end(await reply.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { t, operations, server, baseUrl: `http://127.0.0.1:${port}/agent-factory` };
}

function startWorker(settings: Record<string, string>) {
  const read = readEnv(
    { HEALTH_PORT: "0", POLL_INTERVAL_MS: "20", LOG_LEVEL: "silent", ...settings },
    () => "w1",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const host = Object.assign(new EventEmitter(), { env: process.env, exit: () => undefined });
  const exited = runWorker(read.env, host as unknown as NodeJS.Process);
  return { exited, stop: () => (host.emit("SIGTERM", "SIGTERM"), exited) };
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

let base: string;
const closing: Server[] = [];
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "skills-"));
});
afterEach(async () => {
  for (const server of closing.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(base, { recursive: true, force: true });
});

describe("a worker and its component", () => {
  it("has the approved skills on its disk before it takes a message, and no others after its next start", async () => {
    const app = await startApp();
    closing.push(app.server);
    const files = [{ path: "docs/rain.md", content: "日本語 rain\r\n" }];
    await app.t.mutation(lib.deployGlobalSkill, {
      slug: "weather",
      version: "1.0.0",
      sourceJs: source,
      files,
    });
    await app.t.mutation(lib.deployGlobalSkill, { slug: "maths", version: "1.0.0", sourceJs: source });
    const { token } = await app.t.mutation(lib.createAgentWorkerToken, {});
    const skillsDir = path.join(base, "skills");
    const settings = {
      BASE_INTERNAL_URL: app.baseUrl,
      AGENT_TOKEN: token,
      ENGINE: "echo",
      OPENCLAW_SKILLS_DIR: skillsDir,
      SKILLS_BOOTSTRAP_MODE: "db_manifest",
      SKILLS_BOOTSTRAP_REQUIRED: "true",
    };
    const first = startWorker(settings);
    await until(() => app.operations.includes("claim"));
    expect(app.operations.slice(1, 4)).toEqual(["skills_index", "skills_files", "claim"]);
    expect(await readFile(path.join(skillsDir, "weather", "docs", "rain.md"), "utf8")).toBe(
      files[0]?.content,
    );
    expect(await readFile(path.join(skillsDir, "maths", "scripts", "index.mjs"), "utf8")).toBe(`${source}\n`);
    expect(await first.stop()).toBe(0);

    await app.t.mutation(lib.setGlobalSkillStatus, { slug: "weather", status: "disabled" });
    app.operations.length = 0;
    const second = startWorker(settings);
    await until(() => app.operations.includes("claim"));
    expect(app.operations.slice(1, 3)).toEqual(["skills_index", "claim"]);
    expect((await readdir(skillsDir)).sort()).toEqual([".skills.lock.json", "maths"]);
    expect(await second.stop()).toBe(0);

    app.operations.length = 0;
    const refused = startWorker({ ...settings, AGENT_TOKEN: "forged.token.here" });
    expect(await refused.exited).toBe(2);
    expect(app.operations).toEqual(["hello"]);
    expect(existsSync(path.join(skillsDir, "maths", "SKILL.md"))).toBe(true);
  });
});

describe("a worker with memory", () => {
  it("restores, then asks for skills, then works; and asks again when it takes up another conversation", async () => {
    const server = await new MemoryServer().listen();
    try {
      server.binding = { conversationId: "c1", generation: 1 };
      const worker = startWorker({
        BASE_INTERNAL_URL: server.origin,
        AGENT_TOKEN: "t",
        ENGINE: "command",
        ENGINE_COMMAND: "cat",
        COMMAND_STATEFUL: "true",
        DATA_DIR: path.join(base, "data"),
        OPENCLAW_SKILLS_DIR: path.join(base, "data", "skills"),
        SKILLS_BOOTSTRAP_MODE: "db_manifest",
      });
      await until(() => server.calls.includes("claim"));
      expect(server.calls.slice(1, 5)).toEqual(["memory", "snapshot_restore", "skills_index", "claim"]);
      server.binding = null;
      const payload = { provider: "api", providerUserId: "u", messageText: "question" };
      server.jobs.push(aJob("m1", { payload, conversationId: "c2" }, { payload, conversationId: "c2" }));
      await until(() => server.answers.length === 1);
      const later = server.calls.slice(4).filter((call) => /memory|restore|skills/.test(call));
      expect(later.slice(0, 3)).toEqual(["memory", "snapshot_restore", "skills_index"]);
      expect(await worker.stop()).toBe(0);
    } finally {
      await server.close();
    }
  });
});
