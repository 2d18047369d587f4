import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { json, startTestServer } from "../../test/worker/httpServer.js";

const BIN = fileURLToPath(new URL("./bin.ts", import.meta.url));

it("a worker whose token is revoked while it waits for work ends by itself with 2, says why, and asks no more", async () => {
  let claims = 0;
  const gateway = await startTestServer(({ path }, response) => {
    if (path.endsWith("/claim") && (claims += 1) > 2) {
      const error = { code: "worker_token_revoked", message: "The worker token was revoked." };
      json(response, 403, { ok: false, error });
    } else json(response, 200, { ok: true, value: null });
  });
  try {
    const child = spawn(process.execPath, ["--import", "tsx", BIN], {
      env: {
        PATH: process.env.PATH,
        BASE_INTERNAL_URL: `${gateway.baseUrl}/agent-factory`,
        AGENT_TOKEN: "agent-token-value",
        WORKER_ID: "w1",
        ENGINE: "echo",
        HEALTH_PORT: "0",
        POLL_INTERVAL_MS: "50",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(2);
    expect(printed).toContain("worker.credentialRefused");
    expect(printed).toContain("The worker token was revoked.");
    expect(printed).not.toContain("agent-token-value");
    expect(claims).toBe(3);
  } finally {
    await gateway.close();
  }
}, 20_000);
