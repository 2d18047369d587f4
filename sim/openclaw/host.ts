import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { z } from "zod";
import { FakeOpenClawGateway } from "./gateway.js";
import { agentTurn } from "./modelClient.js";

/** The part of `openclaw.json` that the fake follows. */
const configSchema = z.looseObject({
  gateway: z.looseObject({ port: z.number().int(), auth: z.looseObject({ token: z.string() }) }),
  agents: z.looseObject({
    defaults: z.looseObject({ workspace: z.string(), model: z.looseObject({ primary: z.string() }) }),
  }),
  models: z.looseObject({
    providers: z.record(z.string(), z.looseObject({ baseUrl: z.string(), apiKey: z.string() })),
  }),
});
const launchSchema = z.object({ pid: z.number().int(), configPath: z.string(), stateDir: z.string() });

/**
 * The process that stands for a gateway: it lives as long as the gateway that the host runs for it. Killed, it takes
 * that one down as a crash; on SIGTERM it has it shut down first.
 */
const LAUNCHER = `
const http = require("node:http");
const url = process.argv[1];
const launch = {
  pid: process.pid,
  configPath: process.env.OPENCLAW_CONFIG_PATH,
  stateDir: process.env.OPENCLAW_STATE_DIR,
};
const run = http.request(url + "/run", { method: "POST" }, (response) => {
  response.resume().on("close", () => process.exit(response.statusCode === 200 ? 0 : 78));
});
run.on("error", () => process.exit(1));
run.end(JSON.stringify(launch));
process.on("SIGTERM", () => http.request(url + "/stop/" + process.pid, { method: "POST" }).on("error", () => process.exit(1)).end());
`;

interface Running {
  gateway: FakeOpenClawGateway;
  stop(): Promise<void>;
}

/** Runs fake gateways in this process, one for each process started with `command`. */
export interface GatewayHost {
  /** Program and arguments of a gateway; it reads `OPENCLAW_CONFIG_PATH` and `OPENCLAW_STATE_DIR`. */
  command: [string, ...string[]];
  /** The process of the gateway that listens on this port; undefined when there is none. */
  pidOf(port: number): number | undefined;
  close(): Promise<void>;
}

/** @throws when no port is free. */
export async function startGatewayHost(): Promise<GatewayHost> {
  const running = new Map<number, Running & { port: number }>();
  const stopped = new Set<number>();
  const run = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pid, configPath, stateDir } = launchSchema.parse(JSON.parse(await bodyOf(request)));
    const config = configSchema.parse(JSON.parse(await readFile(configPath, "utf8")));
    const over = new AbortController();
    const gateway = gatewayOf(config, path.join(stateDir, "sessions.json"), over.signal);
    const down = async (): Promise<void> => {
      running.delete(pid);
      over.abort();
      await gateway.close();
    };
    response.once("close", () => void down());
    await gateway.listen();
    // Told to stop while it was starting.
    if (stopped.delete(pid)) return void response.end();
    running.set(pid, {
      gateway,
      port: config.gateway.port,
      stop: async () => {
        await gateway.shutdown();
        await down();
        response.end();
      },
    });
    response.writeHead(200).flushHeaders();
  };
  const server = createServer((request, response) => {
    const pid = /^\/stop\/(\d+)$/.exec(request.url ?? "")?.[1];
    if (pid === undefined) {
      run(request, response).catch(() => response.writeHead(500).end());
      return;
    }
    response.end();
    const gateway = running.get(Number(pid));
    if (gateway === undefined) stopped.add(Number(pid));
    else void gateway.stop();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    command: [process.execPath, "-e", LAUNCHER, "--", url],
    pidOf: (port) => [...running].find(([, { port: taken }]) => taken === port)?.[0],
    close: async () => {
      server.closeAllConnections();
      await Promise.all([...running.values()].map(({ gateway }) => gateway.close()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function gatewayOf(
  { gateway, agents, models }: z.output<typeof configSchema>,
  transcriptFile: string,
  signal: AbortSignal,
): FakeOpenClawGateway {
  const [provider = "", model = ""] = agents.defaults.model.primary.split("/");
  const server = models.providers[provider];
  if (server === undefined) throw new Error(`openclaw.json has no provider ${provider}`);
  const access = { ...server, model, workspaceDir: agents.defaults.workspace };
  const fake: FakeOpenClawGateway = new FakeOpenClawGateway({
    token: gateway.auth.token,
    port: gateway.port,
    transcriptFile,
    // A dead gateway hears no answer; what a failed model means is the run faults' business.
    answer: ({ sessionKey }) => agentTurn(access, fake.transcript(sessionKey), signal).catch(() => ""),
  });
  return fake;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
