import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Runs the simulator as a user would, until it ends; `onUrl` is told its address. */
async function run(args: string[], onUrl?: (url: string) => Promise<unknown>) {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  let told = false;
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
    const url = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(out)?.[0];
    if (told || url === undefined) return;
    told = true;
    void onUrl?.(url).finally(() => child.kill("SIGINT"));
  });
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}

it("serves on a free loopback port, says where, and ends cleanly on Ctrl-C", async () => {
  let status = 0;
  const { code, out } = await run(["--port", "0", "--app", "a", "--token", "t-secret"], async (url) => {
    const headers = { authorization: "Bearer t-secret" };
    status = (await fetch(`${url}/apps/a/machines`, { headers })).status;
  });
  expect({ code, status }).toEqual({ code: 0, status: 200 });
  expect(out).not.toContain("t-secret");
});
