import { describe, expect, it } from "vitest";
import { clientKeyPem, clientPem, otherKeyPem } from "../../test/worker/certificates.js";
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

describe("a key", () => {
  const keys = [
    "AGENT_TOKEN",
    "OPENAI_API_KEY",
    "OPENCLAW_GATEWAY_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN",
  ];
  const aws = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "s" };
  const odd: [string, string, string][] = [
    ["a zero-width space", "sk-abc\u200bdef", "holds a character that no key has"],
    ["typographic quotes", "\u201csk-abc\u201d", "holds a character that no key has"],
    ["an autocorrected dash", "sk\u2013abc", "holds a character that no key has"],
    ["a control character", "sk-abc\u0007", "holds a character that no key has"],
    ["two lines", "sk-1\nsk-2", "one line, without spaces"],
    ["a no-break space", "sk-1\u00a0sk-2", "one line, without spaces"],
    ["the quotes of a shell", '"sk-abc"', "is in quotation marks"],
  ];
  it.each(keys.flatMap((name) => odd.map((row) => [name, ...row] as const)))(
    "%s with %s is named, and not shown",
    (name, _, value, problem) => {
      const [found, ...more] = problemsOf({ ...good, ...aws, [name]: value });
      expect(found).toMatchObject({ name });
      expect(found?.problem).toContain(problem);
      expect(more).toEqual([]);
      expect(JSON.stringify(found)).not.toMatch(/sk-|sk\u2013/);
    },
  );
  it("may have any visible character of ASCII", () => {
    expect(problemsOf({ ...good, ...aws, OPENAI_API_KEY: "sk-!\"#$%&'()*+,/:;<=>?@[]^_`{|}~" })).toEqual([]);
  });
});

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

describe("modes, proxies and certificates", () => {
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  const pair = { CLIENT_TLS_CERT: base64(clientPem), CLIENT_TLS_KEY: base64(clientKeyPem) };

  it("MODE=worker is named by its scheduler and runs no script", () => {
    expect(namesOf({ ...good, MODE: "worker" })).toEqual(["WORKER_ID"]);
    expect(namesOf({ ...good, MODE: "worker", WORKER_ID: "w", INIT_SCRIPT: "true" })).toEqual([
      "INIT_SCRIPT",
    ]);
    expect(namesOf({ ...good, MODE: "worker", WORKER_ID: "w" })).toEqual([]);
    expect(namesOf({ ...good, INIT_SCRIPT: "true" })).toEqual([]);
    expect(readEnv(good, () => "g")).toMatchObject({ ok: true, env: { MODE: "agent" } });
  });

  it.each([
    [{ CLIENT_TLS_CERT: pair.CLIENT_TLS_CERT }, "CLIENT_TLS_KEY"],
    [{ CLIENT_TLS_KEY: pair.CLIENT_TLS_KEY }, "CLIENT_TLS_CERT"],
  ])("half a pair is refused in the exact words", (half, missing) => {
    const text = formatEnvProblems(problemsOf({ ...good, ...half }));
    expect(text).toContain("Invalid agent environment");
    expect(text).toContain(`${missing} is missing: CLIENT_TLS_CERT and CLIENT_TLS_KEY must be set together.`);
  });

  it("takes base64 PEM with its headers, of one pair", () => {
    expect(namesOf({ ...good, ...pair })).toEqual([]);
    expect(namesOf({ ...good, CLIENT_TLS_CERT: clientPem, CLIENT_TLS_KEY: clientKeyPem })).toEqual([
      "CLIENT_TLS_CERT",
      "CLIENT_TLS_KEY",
    ]);
    expect(namesOf({ ...good, ...pair, CLIENT_TLS_KEY: pair.CLIENT_TLS_CERT })).toEqual(["CLIENT_TLS_KEY"]);
    const [problem] = problemsOf({ ...good, ...pair, CLIENT_TLS_KEY: base64(otherKeyPem) });
    expect(problem?.problem).toBe("is not the private key of CLIENT_TLS_CERT");
  });

  it("names a bad proxy without showing it, and reads lower case", () => {
    const text = formatEnvProblems(problemsOf({ ...good, HTTPS_PROXY: "socks5://me:hunter2@p:1" }));
    expect(text).toContain("HTTPS_PROXY must start with http:// or https://");
    expect(text).not.toContain("hunter2");
    expect(
      readEnv({ ...good, https_proxy: "http://p:3128/", NO_PROXY: "a", no_proxy: "b" }, () => "g"),
    ).toMatchObject({
      env: { HTTPS_PROXY: "http://p:3128/", NO_PROXY: "a" },
    });
  });
});
