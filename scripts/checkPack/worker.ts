/** The worker's package in an empty project: as a library, and as a program with what it says when it cannot start. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { runProcess } from "../deployment/runProcess.js";
import { envHelp } from "../../worker/src/env.js";
import { exitCodes } from "../../worker/src/exitCodes.js";
import {
  importInNode,
  installedVersions,
  installProject,
  typeCheck,
  type Packed,
  type Step,
} from "./pack.js";

/** A start ends long before; it is the bound of one that does not. */
const START_TIMEOUT_MS = 60_000;
const COMMAND = "agent-factory-worker";

export async function checkWorker(
  step: Step,
  { packageJson, tarball }: Packed,
  folder: string,
  { signal, log }: { signal: AbortSignal; log: (line: string) => void },
): Promise<void> {
  const project = path.join(folder, "worker-project");
  const installed = await installProject(step, project, consumer(packageJson.name, tarball));
  const unwanted = ["@okrlinkhub/agent-factory", "@convex-dev/workflow", ...OPTIONAL.map(([name]) => name)];
  const present = unwanted.filter((name) => installed.includes(`node_modules/${name}`));
  if (present.length > 0) throw new Error(`${packageJson.name} installs ${present.join(", ")}`);
  await typeCheck(step, project);
  await importInNode(step, project, packageJson.name);
  const help = await step(`${COMMAND} --help`, project, "npx", "--no-install", COMMAND, "--help");
  if (!help.includes(COMMAND)) throw new Error(`${COMMAND} --help prints no usage:\n${help}`);

  /** A start that must end with 2 and say all of `said`. */
  const refusedStart = async (what: string, env: Record<string, string>, said: readonly string[]) => {
    const { code, output } = await runProcess("npx", ["--no-install", COMMAND], {
      cwd: project,
      env: { PATH: process.env.PATH, HOME: project, ...env },
      timeoutMs: START_TIMEOUT_MS,
      signal,
    });
    const unsaid = said.filter((text) => !output.includes(text));
    if (code !== exitCodes.fatal || unsaid.length > 0)
      throw new Error(`a start ${what} ended with ${code} and did not say ${unsaid.join(", ")}:\n${output}`);
    log(`a start ${what} ends with ${code}`);
  };
  const required = envHelp().filter((row) => row.default === "required");
  await refusedStart("without a valid environment", { HEALTH_PORT: "none" }, [
    ...required.map(({ name }) => `${name} is missing`),
    "HEALTH_PORT must be",
  ]);
  const gateway = createServer((request, response) => {
    request.resume().on("end", () => response.end('{"ok":true,"value":null}'));
  });
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  try {
    const { port } = gateway.address() as AddressInfo;
    const valid = {
      BASE_INTERNAL_URL: `http://127.0.0.1:${port}/agent-factory`,
      AGENT_TOKEN: "packed",
      HEALTH_PORT: "0",
      DATA_DIR: path.join(project, "data"),
    };
    for (const [name, env] of OPTIONAL)
      await refusedStart(`without ${name}`, { ...valid, ...env }, [
        "package_missing",
        `npm install ${name}"`,
      ]);
  } finally {
    gateway.closeAllConnections();
    gateway.close();
  }
}

/** What is not installed with the worker, and an environment that needs it. */
const OPTIONAL: readonly (readonly [string, Record<string, string>])[] = [
  ["pg", { ENGINE: "echo", STATE_DATABASE_URL: "postgres://u@127.0.0.1:1/x" }],
  [
    "@aws-sdk/credential-provider-node",
    {
      ENGINE: "command",
      ENGINE_COMMAND: "cat",
      COMMAND_STATEFUL: "true",
      SNAPSHOT_BASE_URI: "s3://bucket/prefix",
      AWS_REGION: "us-east-1",
    },
  ],
];

function consumer(name: string, tarball: string): Record<string, string> {
  const { typescript, nodeTypes } = installedVersions();
  return {
    "package.json": JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: { [name]: `file:${tarball}` },
      devDependencies: { typescript, "@types/node": nodeTypes },
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        lib: ["ES2023"],
        module: "NodeNext",
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ["node"],
      },
      include: ["*.ts"],
    }),
    // Fails to compile if the package's types have decayed to `any`.
    "ownEngine.ts": `import { createEchoEngine, readEnv, runWorker, type Engine, type SettleRequest } from "${name}";

const own: Engine = { ...createEchoEngine(), name: "own" };
// @ts-expect-error an engine's name is a text
export const wrong: Engine = { ...own, name: 1 };
// @ts-expect-error there is no such field
export type NoSuchField = SettleRequest["noSuchField"];
const read = readEnv(process.env, () => "w1");
if (read.ok) process.exitCode = await runWorker(read.env, process);
`,
  };
}
