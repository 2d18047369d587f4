import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const TOKEN = `42:${"a".repeat(35)}`;

/** Runs a simulator as a user would; `onLine` sees its first line of output. */
async function run(name: string, args: string[], onLine?: (line: string, stop: () => void) => void) {
  const main = fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let seen = false;
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
    if (seen || !out.includes("\n")) return;
    seen = true;
    onLine?.(out, () => child.kill("SIGINT"));
  });
  let err = "";
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}

describe.each([
  ["telegram", ["--bot", `${TOKEN}:sim_bot`], `/bot${TOKEN}/getMe`],
  ["model", [], "/models"],
])("sim/%s from the command line", (name, args, path) => {
  it("serves on a free loopback port, says where, and ends cleanly on Ctrl-C", async () => {
    let status = 0;
    const { code, out, err } = await run(name, ["--port", "0", ...args], (line, stop) => {
      const url = /http:\/\/127\.0\.0\.1:\d+(\/v1)?/.exec(line)?.[0] ?? "";
      void fetch(url + path)
        .then((response) => {
          status = response.status;
        })
        .finally(stop);
    });
    expect({ code, status, err: err.replace(/.*npm warn.*\n/g, "") }).toEqual({
      code: 0,
      status: 200,
      err: "",
    });
    expect(out).not.toContain(TOKEN);
  });

  it("--help explains, and a bad port is refused", async () => {
    const [help, refused] = await Promise.all([run(name, ["--help"]), run(name, ["--port", "x", ...args])]);
    expect(help.code).toBe(0);
    expect(help.out).toContain("--port");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("a whole number is expected");
  });
});
