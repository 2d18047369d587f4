/** What a machine needs to run an agent worker: its environment, and the hosts that it calls. Pure. */

export type ProvisionedEngine = "openai" | "command" | "echo" | "openclaw";

export interface WorkerHost {
  host: string;
  port: number;
  protocol: "https" | "http";
  purpose: string;
}

/** What a chat channel's side in a worker calls, and the variable that says so where it is not the usual place. */
export interface ChannelNeeds {
  url: string;
  purpose: string;
  variable?: { name: string; value: string; meaning: string } | undefined;
}

export interface HostInputs {
  /** Origin of HTTP actions (`.convex.site`). */
  site: string;
  /** Origin of functions and files (`.convex.cloud`). */
  cloud: string;
  /** What the chat channels call. */
  channels: readonly ChannelNeeds[];
  engine: ProvisionedEngine;
  /** The model's server, for `openai`. */
  openAiBaseUrl: string;
}

/** The whole list: a worker calls no other host. The gateway of `openclaw` and its model are called from its own machine. */
export function workerHosts(inputs: HostInputs): WorkerHost[] {
  const wanted: [string, string][] = [
    [inputs.site, "the worker gateway: claims, answers, heartbeats"],
    [inputs.cloud, "wake-ups of an idle worker (WebSocket); snapshots and files of conversations"],
    ...inputs.channels.map(({ url, purpose }): [string, string] => [url, purpose]),
    ...(inputs.engine === "openai" ? [[inputs.openAiBaseUrl, "the model"] as [string, string]] : []),
  ];
  const hosts = new Map<string, WorkerHost>();
  for (const [address, purpose] of wanted) {
    const url = new URL(address);
    const protocol = url.protocol === "http:" ? "http" : "https";
    const port = url.port === "" ? (protocol === "http" ? 80 : 443) : Number(url.port);
    const known = hosts.get(url.host);
    if (known) known.purpose += `; ${purpose}`;
    else hosts.set(url.host, { host: url.hostname, port, protocol, purpose });
  }
  return [...hosts.values()];
}

export interface EnvironmentInputs {
  /** `<site><prefix>`. */
  gatewayUrl: string;
  cloud: string;
  channels: readonly ChannelNeeds[];
  token: string;
  workerId?: string | undefined;
  workspace?: string | undefined;
  engine: ProvisionedEngine;
  openAiBaseUrl?: string | undefined;
}
export interface EnvironmentLine {
  name: string;
  value: string | null;
  secret: boolean;
  meaning: string;
}

export const DEFAULT_OPEN_AI_URL = "https://api.openai.com/v1";

/** The variables of such a worker; those that only its site can know have no value. */
export function workerEnvironment(inputs: EnvironmentInputs): EnvironmentLine[] {
  const line = (name: string, value: string | null, meaning: string, secret = false): EnvironmentLine => ({
    name,
    value,
    secret,
    meaning,
  });
  const optional = (name: string, value: string | undefined, meaning: string): EnvironmentLine[] =>
    value === undefined ? [] : [line(name, value, meaning)];
  return [
    line("MODE", "agent", "started by its operator"),
    line("BASE_INTERNAL_URL", inputs.gatewayUrl, "the worker gateway"),
    line("AGENT_TOKEN", inputs.token, "the credential; it is shown this once", true),
    line("CONVEX_DEPLOYMENT_URL", inputs.cloud, "wake-ups over a WebSocket; without it the worker polls"),
    ...optional("WORKER_ID", inputs.workerId, "the name that the token is bound to"),
    ...optional("WORKSPACE_ID", inputs.workspace, "the tenant that the token is bound to"),
    ...inputs.channels.flatMap(({ variable }) =>
      variable ? [line(variable.name, variable.value, variable.meaning)] : [],
    ),
    line("ENGINE", inputs.engine, "what answers messages"),
    ...engineLines(inputs, line),
  ];
}

function engineLines(
  { engine, openAiBaseUrl }: EnvironmentInputs,
  line: (name: string, value: string | null, meaning: string, secret?: boolean) => EnvironmentLine,
): EnvironmentLine[] {
  switch (engine) {
    case "openai":
      return [
        ...(openAiBaseUrl === undefined
          ? []
          : [line("OPENAI_BASE_URL", openAiBaseUrl, "the model's server")]),
        line("OPENAI_API_KEY", null, "its key; it never leaves the worker's site", true),
        line("MODEL", null, "the model"),
      ];
    case "command":
      return [line("ENGINE_COMMAND", null, "program and arguments: prompt on stdin, answer on stdout")];
    case "openclaw":
      return [
        line("OPENCLAW_GATEWAY_URL", "ws://127.0.0.1:18789", "the agent gateway beside the worker"),
        line("OPENCLAW_GATEWAY_TOKEN", null, "the gateway's token", true),
      ];
    case "echo":
      return [];
  }
}

/** An environment file: one `NAME=value` a line without quotes, what is to be filled in as a comment. */
export const environmentFile = (lines: readonly EnvironmentLine[]): string =>
  lines
    .map(({ name, value, meaning }) =>
      value === null ? `# Fill in: ${meaning}\n#${name}=` : `${name}=${value}`,
    )
    .join("\n") + "\n";
