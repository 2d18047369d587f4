import { describe, expect, it } from "vitest";
import { envHelp, formatEnvProblems, readEnv, type EnvProblem } from "./env.js";

const good = {
  BASE_INTERNAL_URL: "http://127.0.0.1:3211/agent-factory",
  AGENT_TOKEN: "t0ken",
  ENGINE: "echo",
};
const problemsOf = (source: Record<string, string>): EnvProblem[] => {
  const result = readEnv(source, () => "generated");
  return result.ok ? [] : result.problems;
};
const namesOf = (source: Record<string, string>): string[] => problemsOf(source).map(({ name }) => name);

describe("the environment", () => {
  it("needs three variables and has defaults for the rest", () => {
    const result = readEnv({ ...good, OPENAI_API_KEY: " ", HEALTH_PORT: "0" }, () => "afw-1");
    expect(result).toMatchObject({
      ok: true,
      env: {
        WORKER_ID: "afw-1",
        HTTP_TIMEOUT_MS: 20_000,
        HEALTH_PORT: 0,
        HEALTH_HOST: "127.0.0.1",
      },
    });
    expect(result.ok && result.env.OPENAI_API_KEY).toBeUndefined();
  });

  it("lists every missing and bad variable at once", () => {
    expect(namesOf({})).toEqual(["BASE_INTERNAL_URL", "AGENT_TOKEN", "ENGINE"]);
    expect(
      namesOf({
        ...good,
        BASE_INTERNAL_URL: "nope",
        POLL_INTERVAL_MS: "soon",
        HEALTH_PORT: "70000",
        LOG_LEVEL: "loud",
        ENGINE: "openai",
      }),
    ).toEqual([
      "BASE_INTERNAL_URL",
      "POLL_INTERVAL_MS",
      "HEALTH_PORT",
      "LOG_LEVEL",
      "OPENAI_API_KEY",
      "MODEL",
    ]);
  });

  it.each([
    ["openai", {}, ["OPENAI_API_KEY", "MODEL"]],
    ["openai", { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", OPENCLAW_AGENT_MODEL: "m" }, []],
    ["command", {}, ["ENGINE_COMMAND"]],
    ["command", { ENGINE_COMMAND: "a | b" }, ["ENGINE_COMMAND"]],
    ["openclaw", {}, ["OPENCLAW_GATEWAY_TOKEN"]],
    ["echo", {}, []],
  ])("knows what ENGINE=%s needs (%j)", (ENGINE, more, names) => {
    expect(namesOf({ ...good, ENGINE, ...more })).toEqual(names);
  });

  it("says what is wrong with an address", () => {
    const problem = (url: string): string | undefined =>
      problemsOf({ ...good, BASE_INTERNAL_URL: url })[0]?.problem;
    expect(problem("http://h/agent-factory/")).toContain("must not end with a slash");
    expect(problem("ftp://h")).toContain("must start with http://");
    expect(problem("http://u:p@h")).toContain("must not hold credentials");
    expect(problem("http://h?x=1")).toContain("must not hold a query");
  });

  it("never shows a value", () => {
    const text = formatEnvProblems(
      problemsOf({ ...good, AGENT_TOKEN: "two words", BASE_INTERNAL_URL: "http://u:hunter2@h" }),
    );
    expect(text).toContain("AGENT_TOKEN");
    expect(text).not.toMatch(/two words|hunter2/);
  });

  it("explains every variable", () => {
    for (const row of envHelp()) expect(row.meaning, row.name).not.toBe("");
    expect(
      envHelp()
        .filter((row) => row.default === "required")
        .map((row) => row.name),
    ).toEqual(["BASE_INTERNAL_URL", "AGENT_TOKEN", "ENGINE"]);
    expect(envHelp().find((row) => row.name === "ENGINE_TIMEOUT_MS")?.default).toBe("120000");
  });
});
