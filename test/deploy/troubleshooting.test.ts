/** The troubleshooting page quotes what the worker says, and has an entry for everything that it can end with. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deploymentStates } from "../../src/contract/deployments.js";
import { exitCodeHelp } from "../../worker/src/exitCodes.js";
import { faults } from "../../worker/src/faults.js";
import { envSchema } from "../../worker/src/env.js";
import { isInSource, sources } from "./sourceText.js";

const folder = new URL("../../docs/worker/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const page = read("troubleshooting.md");
const prose = page.replace(/^```[^]*?^```$/gm, "");
const codeSpans = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? "");
const firstCells = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .flatMap((line) => codeSpans(line.split("|")[1] ?? ""));

/** The part of the page below a heading, up to the next one. */
function entry(heading: string): string {
  const start = prose.indexOf(`\n### \`${heading}\`\n`);
  return start < 0 ? "" : (prose.slice(start + 5).split(/\n##+ /)[0] ?? "");
}

const workerFiles = [...sources].filter(([name]) => name.startsWith("worker/src/"));

describe("the troubleshooting page", () => {
  it.each(Object.entries(faults))(
    "has an entry for %s with its exact text, code and exit code",
    (code, fault) => {
      const text = entry(fault.message);
      expect(text).toContain(`Code \`${code}\``);
      if (fault.exitCode === null) expect(text).toContain("the worker goes on");
      else expect(text).toContain(`, exit ${fault.exitCode}.`);
    },
  );

  it("lists every exit code", () => {
    const cells = prose
      .split("\n")
      .filter((line) => /^\| \d/.test(line))
      .map((line) => line.split("|")[1]?.trim() ?? "");
    const listed = cells.flatMap((cell) => cell.split(", ").map(Number));
    expect(listed.sort((a, b) => a - b)).toEqual(exitCodeHelp.map(([code]) => code).sort((a, b) => a - b));
  });

  it("quotes only what the source says", () => {
    const headings = [...prose.matchAll(/^### `(.+)`$/gm)].map(([, text]) => text ?? "");
    const commands = /^(agent-factory-worker|base64|chmod|chown|curl|date|npx|openssl|sh) /;
    const sentences = codeSpans(prose).filter(
      (span) =>
        span.includes(" ") && !commands.test(span) && !span.startsWith("[") && !span.startsWith("GET "),
    );
    // What the system, an S3 server or PostgreSQL says is not ours to quote from here.
    const foreign = /^(E[A-Z_]+|UND_ERR_\w+|HTTP 403 AccessDenied)$/;
    const quoted = [...headings, ...firstCells(prose), ...sentences].filter((text) => !foreign.test(text));
    expect(quoted.length).toBeGreaterThan(100);
    // One template serves both directions.
    const written = (text: string): string => text.replace(/^the (upload|download) /, "the … ");
    expect(quoted.filter((text) => !isInSource(written(text)))).toEqual([]);
    expect(isInSource("the worker has no such text")).toBe(false);
  });

  it("has every text about a variable", () => {
    const files =
      /^worker\/src\/(env\w+|store\/ownEnv|memory\/storage\/location|engines\/(kind|program)|engines\/\w+\/kind|channels\/\w+\/channel)\.ts$/;
    const texts = [...sources]
      .filter(([name]) => files.test(name))
      .flatMap(([, text]) => [...text.matchAll(/["`]((?:must|is not|is missing)\b[^"`]*)["`]/g)])
      .map(([, text = ""]) => text.replace(/\$\{.*$/, "…").replace(/e\.g\. .*$/, "e.g. …"));
    const missing = [...new Set(texts)].filter((text) => {
      const [beginning = ""] = text.split("…");
      return !prose.includes(`\`${text}\``) && !prose.includes(`\`${beginning}`);
    });
    // Two are worded together with the names of their variables.
    expect(missing.filter((text) => !text.includes("must be set together."))).toEqual([]);
    expect(prose).toContain("`CLIENT_TLS_CERT and CLIENT_TLS_KEY must be set together.`");
  });

  it("has every reason why the memory is not saved or restored, but those that are damage", () => {
    const texts = workerFiles.flatMap(([, text]) =>
      [...text.matchAll(/new MemoryError\(\s*"(?:unavailable|not_bound|foreign)",\s*["`]([^"`]+)["`]/g)].map(
        ([, message]) => message ?? "",
      ),
    );
    expect(texts.length).toBeGreaterThan(8);
    const known = codeSpans(prose);
    const missing = texts.filter((text) => {
      const spoken = text.replace(/\$\{[^}]*\}/g, "…");
      // One template serves both directions.
      const each = spoken.startsWith("the … ")
        ? ["upload", "download"].map((what) => spoken.replace("…", what))
        : [spoken];
      return !each.some((one) => known.includes(one));
    });
    expect(missing.filter((text) => !text.startsWith("the file storage gave"))).toEqual([]);
  });

  it("has every line that the worker logs at warning and above", () => {
    const lines = workerFiles.flatMap(([, text]) =>
      [...text.matchAll(/\blog(?:ger)?\.(?:warn|error|fatal)\(([^;]*?)"([\w. ]+)"\s*\)/g)].map(
        ([, , name]) => name ?? "",
      ),
    );
    expect(lines.length).toBeGreaterThan(25);
    const [, table = ""] = prose.split("## Log lines at warning and above");
    expect(firstCells(table).sort()).toEqual([...new Set(lines)].sort());
  });

  it("has every state of a deployment, and every code of a probe", () => {
    const cells = firstCells(prose);
    for (const state of deploymentStates) expect(cells).toContain(state);
    const probes = [...sources]
      .filter(([name]) => name.startsWith("worker/src/probes/"))
      .map(([, text]) => text)
      .join("\n");
    const own = [...probes.matchAll(/code: "(\w+)"|notConfigured = .*?code: "(\w+)"|\? "(reached)" :/g)]
      .map((match) => match.slice(1).find((group) => group !== undefined) ?? "")
      .filter((code) => /^[a-z_]+$/.test(code));
    expect(own.length).toBeGreaterThan(4);
    const union = /export type FailureKind =([^;]+);/.exec(
      sources.get("worker/src/net/failure.ts") ?? "",
    )?.[1];
    const network = [...(union ?? "").matchAll(/"(\w+)"/g)].map(([, kind]) => kind ?? "");
    expect(network.length).toBe(7);
    const codes = [...own, ...network];
    expect([...new Set(codes)].filter((code) => !cells.includes(code))).toEqual([]);
  });
});

describe("the worker's pages", () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith(".md")))(
    "%s links to what is there and names variables that are",
    (name) => {
      const text = read(name);
      for (const [, link] of text.matchAll(/\]\(([^)#:]+)\)/g))
        expect(existsSync(new URL(link ?? "", folder)), link).toBe(true);
      const families =
        /^(OPENCLAW|OPENAI|SKILLS|STATE|CLIENT_TLS|SNAPSHOT|HEALTH|INIT|WORKER|SHUTDOWN|POLL|TELEGRAM|AGENT)_[A-Z_]+$/;
      const unknown = codeSpans(text).filter((span) => families.test(span) && !(span in envSchema.shape));
      expect(unknown).toEqual([]);
    },
  );

  it("name this version where they install it, and files of deploy/ that are there", () => {
    const { version } = JSON.parse(read("../../package.json")) as { version: string };
    const pages = ["run.md", "upgrade.md"].map(read).join("\n");
    const tags = [...pages.matchAll(/agent-factory(?:-worker)?[:@](\d[\w.-]*)/g)].map(([, tag]) => tag);
    expect(new Set(tags)).toEqual(new Set([version]));
    const files = [...pages.matchAll(/\bdeploy\/[\w./-]+\w/g)].map(([file]) => file);
    expect(files).toContain("deploy/Dockerfile");
    for (const file of files) expect(existsSync(new URL(`../../${file}`, folder)), file).toBe(true);
    const manifests = [...read("run.md").matchAll(/^\| `([\w.]+\.yaml)`/gm)].map(([, file]) => file);
    expect(manifests.sort()).toEqual(readdirSync(new URL("../../deploy/kubernetes/", folder)).sort());
  });
});
