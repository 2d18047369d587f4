import { describe, expect, it } from "vitest";
import { readEnv } from "../env.js";
import { memoryPlace } from "./chosen.js";

const base = { BASE_INTERNAL_URL: "http://127.0.0.1/x", AGENT_TOKEN: "t" };
const openclaw = { ...base, ENGINE: "openclaw", OPENCLAW_GATEWAY_TOKEN: "g" };
const problems = (env: Record<string, string>) => {
  const read = readEnv(env, () => "w");
  return read.ok ? [] : read.problems.map(({ name, problem }) => `${name} ${problem}`);
};

describe("the place of the memory", () => {
  it("is DATA_DIR for a command that says so, and nowhere for engines without", () => {
    const command = { ENGINE: "command", DATA_DIR: "/var/agent" };
    expect(memoryPlace({ ...command, COMMAND_STATEFUL: "true" })).toEqual({
      root: "/var/agent",
      entries: null,
      machineFiles: [],
    });
    for (const env of [command, { ENGINE: "echo", DATA_DIR: "/d" }, { ENGINE: "openclaw" }])
      expect(memoryPlace(env)).toBeNull();
  });

  it("is the gateway's two directories as the published image has them", () => {
    expect(
      memoryPlace({
        ENGINE: "openclaw",
        OPENCLAW_STATE_DIR: "/data/.clawdbot",
        OPENCLAW_WORKSPACE_DIR: "/data/workspace/",
        OPENCLAW_CONFIG_PATH: "/data/.clawdbot/openclaw.json",
      }),
    ).toEqual({
      root: "/data",
      entries: [".clawdbot", "workspace"],
      machineFiles: [".clawdbot/openclaw.json"],
    });
  });
});

describe("the environment is refused", () => {
  it("for a stateful command without a directory, or with a relative one", () => {
    const command = { ...base, ENGINE: "command", ENGINE_COMMAND: "cat", COMMAND_STATEFUL: "true" };
    expect(problems(command)).toEqual(["DATA_DIR is missing (needed by ENGINE=command)"]);
    expect(problems({ ...command, DATA_DIR: "data" })).toEqual(["DATA_DIR must be an absolute path"]);
    expect(problems({ ...command, DATA_DIR: "/data" })).toEqual([]);
  });

  it("for OpenClaw directories that are not directly inside DATA_DIR", () => {
    const text = "must be a directory directly inside DATA_DIR";
    expect(problems({ ...openclaw, OPENCLAW_STATE_DIR: "/data/.clawdbot" })).toEqual([]);
    expect(problems({ ...openclaw, OPENCLAW_STATE_DIR: "/home/x" })).toEqual([`OPENCLAW_STATE_DIR ${text}`]);
    expect(
      problems({ ...openclaw, DATA_DIR: "/srv", OPENCLAW_WORKSPACE_DIR: "/srv/deep/workspace" }),
    ).toEqual([`OPENCLAW_WORKSPACE_DIR ${text}`]);
    expect(problems({ ...openclaw, OPENCLAW_STATE_DIR: "/data/.agent-factory" })).toEqual([
      `OPENCLAW_STATE_DIR ${text}`,
    ]);
  });
});
