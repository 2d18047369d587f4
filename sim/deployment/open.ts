import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Policies, PolicyOverrides } from "../../src/contract/policies.js";
import { gatewayPath } from "../../src/contract/paths.js";
import { startPlatform, type Platform, type PlatformOptions } from "../platform/index.js";
import { callFunction, DeploymentError, parseJson, post, reach, repeated } from "./functionApi.js";
import { pushApp } from "./push.js";
import type { Args, Deployment, Target } from "./types.js";

const MASTER_KEY = "AGENT_FACTORY_MASTER_KEY";
/** What the local platform says at `GET /version`; it runs the example app from its source. */
const LOCAL_PLATFORM = "local";
const COMPONENT = "agentFactory";
const LOG_LINES = 50;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

const variablesSchema = z.object({
  status: z.literal("success"),
  value: z.array(z.object({ name: z.string(), value: z.string() })),
});

export interface OpenOptions {
  /** A given deployment; null: start the local platform. */
  target: Target | null;
  /** Of the local platform only. */
  platform?: PlatformOptions;
  /** Environment variables of the example app; the master key is always taken care of. */
  env?: Readonly<Record<string, string>>;
  /** The deployment will call servers on 127.0.0.1 of this machine, so it has to run on it. */
  callsBack?: boolean;
  /** Gets a line for people when something happens to a given deployment. */
  tell: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Opens a deployment with the example app on it and its environment set. A given one is pushed to, unless it is a local
 * platform, which runs the example already. Everything after that is the same HTTP for both.
 * @throws DeploymentError or Error that says what is wrong; nothing that was started is left.
 */
export async function openDeployment(options: OpenOptions): Promise<Deployment> {
  const { target, tell } = options;
  const lines: string[] = [];
  let platform: Platform | undefined;
  if (target === null) {
    const log = (line: string) => {
      lines.push(line);
      if (lines.length > LOG_LINES) lines.shift();
    };
    platform = await startPlatform({ log, ...options.platform });
  } else await reachGiven(target, options);
  const at = target ?? platform;
  if (at === undefined) throw new Error("there is no deployment");
  const deployment = new OpenedDeployment(at, platform, lines, tell);
  try {
    await deployment.prepare(options.env ?? {});
    if (target !== null) await checkSite(target);
    return deployment;
  } catch (error) {
    await platform?.close();
    throw error;
  }
}

/** Looks whether it is there, is Convex and lets us in, and pushes the example. */
async function reachGiven(target: Target, { callsBack, tell, signal }: OpenOptions): Promise<void> {
  const { cloudUrl } = target;
  if (callsBack && !LOOPBACK.has(new URL(cloudUrl).hostname))
    throw new Error(
      `${cloudUrl} is not on this machine. This command's Telegram and Fly are servers on 127.0.0.1 here, which the ` +
        "deployment has to call: use a backend on this machine. The commands load and conformance need no such way back.",
    );
  const response = await reach(cloudUrl, "/version");
  const version = (await response.text()).trim();
  if (!response.ok)
    throw new DeploymentError(
      `${cloudUrl} answers, but not as the cloud origin of a Convex deployment (GET /version: ${response.status}). ` +
        "--deployment is the origin of functions (.convex.cloud, port 3210), --site the one of HTTP actions.",
      "unexpected_reply",
    );
  // The first call with the key, before anything is changed.
  await post(target, "/api/query", {
    path: "_system/cli/queryEnvironmentVariables",
    args: {},
    format: "json",
  });
  if (version === LOCAL_PLATFORM) {
    tell(`${cloudUrl} is a local platform, which runs the example already: nothing is pushed`);
    return;
  }
  tell(`pushing the example app to ${cloudUrl} with the Convex CLI ...`);
  await pushApp(target, signal);
  tell("pushed");
}

/** The worker gateway refuses a call without a token in its own way, and nothing else answers so. */
async function checkSite({ siteUrl }: Target): Promise<void> {
  const response = await reach(siteUrl, gatewayPath("claim"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const body = z
    .object({ error: z.object({ code: z.literal("worker_token_required") }) })
    .safeParse(parseJson(await response.text()));
  if (!body.success)
    throw new DeploymentError(
      `${siteUrl} answers, but not with the example's routes (${gatewayPath("claim")}: ${response.status}). ` +
        "--site is the deployment's origin of HTTP actions (.convex.site, port 3211).",
      "unexpected_reply",
    );
}

class OpenedDeployment implements Deployment {
  readonly cloudUrl: string;
  readonly siteUrl: string;
  readonly adminKey: string;
  /** What a given deployment's policies were, once they were changed. */
  private before: Policies | undefined;
  private closed = false;

  constructor(
    target: Target,
    private readonly platform: Platform | undefined,
    private readonly lines: readonly string[],
    private readonly tell: (line: string) => void,
  ) {
    this.cloudUrl = target.cloudUrl;
    this.siteUrl = target.siteUrl;
    this.adminKey = target.adminKey;
  }

  get own(): boolean {
    return this.platform !== undefined;
  }

  /** A master key that is there already stays: it opens what was sealed with it. */
  async prepare(env: Readonly<Record<string, string>>): Promise<void> {
    const has = await this.variables();
    const wanted = {
      ...(has[MASTER_KEY] ? {} : { [MASTER_KEY]: randomBytes(32).toString("base64") }),
      ...env,
    };
    const names = Object.keys(wanted);
    if (names.length > 0) await this.setVariables(wanted);
    if (!this.own && names.length > 0)
      this.tell(`set on the deployment, and left there: ${names.join(", ")}`);
  }

  run(path: string, args: Args = {}, { componentPath }: { componentPath?: string } = {}) {
    return repeated(() => callFunction(this, path, args, componentPath));
  }
  lib(name: string, args: Args = {}) {
    return this.run(`lib:${name}`, args, { componentPath: COMPONENT });
  }
  libOnce(name: string, args: Args = {}) {
    return callFunction(this, `lib:${name}`, args, COMPONENT);
  }

  async variables(): Promise<Record<string, string>> {
    const path = "_system/cli/queryEnvironmentVariables";
    const { value } = variablesSchema.parse(
      await post(this, "/api/query", { path, args: {}, format: "json" }),
    );
    return Object.fromEntries(value.map((variable) => [variable.name, variable.value]));
  }

  async setVariables(changes: Readonly<Record<string, string | null>>): Promise<void> {
    await post(this, "/api/update_environment_variables", {
      changes: Object.entries(changes).map(([name, value]) => ({ name, value })),
    });
  }

  async setPolicies(overrides: PolicyOverrides): Promise<void> {
    if (!this.own) this.before ??= (await this.lib("policies")) as Policies;
    await this.lib("setPolicies", { policies: overrides });
  }

  log(): readonly string[] {
    return this.own ? this.lines : ["(a given deployment's log is read where it runs)"];
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.platform !== undefined) return await this.platform.close();
    if (this.before === undefined) return;
    try {
      await this.lib("setPolicies", { policies: this.before });
    } catch (error) {
      this.tell(
        `the policies could not be put back: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
