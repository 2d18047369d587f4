/**
 * The Dockerfile's own steps, in an empty directory, as a user that is not root, without Docker; then what it would start,
 * check and stop. By default `npm ci` is left out, as it needs the package registry: the worker runs on this repository's
 * installed packages. The whole of it, a minute and more:
 *
 *   DEPLOY_TEST_INSTALL=1 npx vitest run test/deploy/imageSteps.test.ts
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { closedPort, json, startTestServer, type TestServer } from "../worker/httpServer.js";
import { copyOf, envOf, execForm, readDockerfile, valuesOf, type Stage } from "./dockerfile.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const installs = process.env["DEPLOY_TEST_INSTALL"] === "1";
/** On most systems nobody's. */
const nobody = 65_534;
const asRoot = process.getuid?.() === 0;
/** Where the image has something of its own. Anything else in a step would touch this machine. */
const imagePath = /(?<![\w.@/-])\/(app|data|usr\/local|opt)(?=$|[\s/:"'])/g;

const folder = mkdtempSync(path.join(tmpdir(), "image-steps-"));
const [install, final] = readDockerfile(readFileSync(path.join(ROOT, "deploy/Dockerfile"), "utf8")) as [
  Stage,
  Stage,
];
let gateway: TestServer;
let worker: ChildProcess | undefined;

afterAll(async () => {
  worker?.kill("SIGKILL");
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const homeOf = (stage: string): string => path.join(folder, stage);
/** A path or a command of the image, below the stage's own directory. */
function mapped(stage: string, text: string): string {
  const result = text.replace(imagePath, (found) => homeOf(stage) + found);
  const elsewhere = (result.match(/(?<=^|[\s=:"'])\/[^\s:"']+/g) ?? []).filter(
    (each) => !each.startsWith(folder),
  );
  if (text !== result && elsewhere.length > 0)
    throw new Error(`outside of the image: ${elsewhere.join(", ")}`);
  return result;
}

/** Program and arguments, run by somebody who is not root. */
const unprivileged = (argv: string[]): [string, string[]] => {
  const [program = "", ...rest] = asRoot
    ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", ...argv]
    : argv;
  return [program, rest];
};
const run = (argv: string[], cwd: string, env: Record<string, string>): string => {
  const [program, args] = unprivileged(argv);
  return execFileSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: 280_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
};

/** The worker as `npm pack` packs it, compiled file by file: types are the compiler's business. */
function packed(context: string): void {
  const source = path.join(folder, "source");
  for (const part of ["worker/src", "src/contract", "src/policy", "src/core/providers"]) {
    const from = path.join(ROOT, part);
    for (const name of readdirSync(from, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts") || name.endsWith(".d.ts")) continue;
      const { outputText } = ts.transpileModule(readFileSync(path.join(from, name), "utf8"), {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2022,
          verbatimModuleSyntax: true,
        },
      });
      const target = path.join(source, "dist", part, name.replace(/\.ts$/, ".js"));
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
  }
  cpSync(path.join(ROOT, "worker/package.json"), path.join(source, "package.json"));
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", context], {
    cwd: source,
    stdio: "ignore",
  });
  for (const file of ["package.json", "package-lock.json"])
    cpSync(path.join(ROOT, file), path.join(context, file));
}

const shellEnv = (stage: string): Record<string, string> => ({
  HOME: path.join(homeOf(stage), "home"),
  PATH: process.env["PATH"] ?? "",
  ...(process.env["npm_config_registry"] === undefined
    ? {}
    : { npm_config_registry: process.env["npm_config_registry"] }),
});

function runStage(stage: Stage, name: string, context: string): void {
  const home = homeOf(name);
  mkdirSync(path.join(home, "home"), { recursive: true });
  if (asRoot) execFileSync("chown", ["-R", `${nobody}:${nobody}`, home]);
  let cwd = home;
  for (const { keyword, value } of stage.instructions) {
    if (keyword === "WORKDIR") {
      cwd = mapped(name, value);
      run(["mkdir", "-p", cwd], home, shellEnv(name));
    } else if (keyword === "COPY") {
      const { fromStage, source, target } = copyOf(value);
      const from = fromStage === undefined ? path.join(context, source) : mapped(fromStage, source);
      run(["sh", "-c", `cp -a ${from} ${mapped(name, target)}`], cwd, shellEnv(name));
    } else if (keyword === "RUN") {
      if (/^npm ci\b/.test(value) && !installs) {
        symlinkSync(path.join(ROOT, "node_modules"), path.join(cwd, "node_modules"));
      } else run(["sh", "-c", mapped(name, value)], cwd, shellEnv(name));
    }
  }
}

beforeAll(async () => {
  chmodSync(folder, 0o755);
  const context = path.join(folder, "context");
  mkdirSync(context);
  packed(context);
  runStage(install, "install", context);
  runStage(final, "final", context);
  gateway = await startTestServer((_request, response) => json(response, 200, { ok: true, value: null }));
}, 300_000);

it("makes an image of the worker alone: no sources, no installer, an empty data directory", () => {
  const app = path.join(homeOf("final"), "app");
  expect(readdirSync(app).sort()).toEqual(["bin", "node_modules", "worker"]);
  expect(readdirSync(path.join(app, "worker")).sort()).toEqual(["dist", "package.json"]);
  expect(readdirSync(path.join(homeOf("final"), "data"))).toEqual([]);
  if (!installs) return;
  for (const absent of ["vitest", "@convex-dev/workflow"])
    expect(existsSync(path.join(app, "node_modules", absent))).toBe(false);
  for (const optional of ["pg", "@aws-sdk/credential-provider-node"])
    expect(existsSync(path.join(app, "node_modules", optional))).toBe(true);
});

it("starts as a user that is not root, is healthy by its own check, and stops with 0 at its stop signal", async () => {
  const port = new URL(await closedPort()).port;
  const given = envOf(final, {});
  const env: Record<string, string> = {
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, mapped("final", value)])),
    PATH: `${mapped("final", "/app/bin")}:${process.env["PATH"] ?? ""}`,
    BASE_INTERNAL_URL: `${gateway.baseUrl}/agent-factory`,
    AGENT_TOKEN: "agent-token-value",
    ENGINE: "echo",
    HEALTH_PORT: port,
    POLL_INTERVAL_MS: "200",
  };
  const cwd = mapped("final", valuesOf(final, "WORKDIR")[0] ?? "");
  const argv = execForm(mapped("final", valuesOf(final, "ENTRYPOINT")[0] ?? ""));
  const [program, args] = unprivileged(argv);
  worker = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  worker.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  worker.stderr?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(worker, "close") as Promise<[number | null]>;

  const health = valuesOf(final, "HEALTHCHECK")[0] ?? "";
  const check = execForm(health.slice(health.indexOf("CMD ") + 4));
  const isHealthy = (): boolean => {
    try {
      run(check, cwd, env);
      return true;
    } catch {
      return false;
    }
  };
  await expect.poll(isHealthy, { timeout: 60_000, interval: 500, message: printed }).toBe(true);
  const journal = path.join(homeOf("final"), "data/.agent-factory/own/answers.journal");
  expect(statSync(journal).uid).not.toBe(0);
  expect(run(["agent-factory-worker", "connections", "list"], cwd, env)).toBe("");

  worker.kill(valuesOf(final, "STOPSIGNAL")[0] as NodeJS.Signals);
  expect([await ended, printed]).toEqual([[0, null], printed]);
  expect(isHealthy()).toBe(false);
}, 120_000);
