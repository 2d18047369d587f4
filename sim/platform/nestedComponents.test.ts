import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startPlatform } from "./index.js";

const HOST = fileURLToPath(new URL("fixture/host", import.meta.url));
/** One more than a broadcast reaches in its first transaction: the rest needs the workflow engine. */
const USERS = 101;

it("runs the components of npm packages inside the component: a broadcast goes through the workflow engine", async () => {
  const platform = await startPlatform({ appDirectory: HOST, crons: false });
  try {
    const call = (name: string, args: Record<string, unknown>) =>
      platform.run(`lib:${name}`, args as never, { componentPath: "agentFactory" });
    await call("configureAgent", { agentKey: "a", version: "1", secretsRef: [], enabled: true });
    for (let n = 0; n < USERS; n += 1)
      await call("bindUserAgent", { consumerUserId: `u${n}`, agentKey: "a" });
    const begun = await call("sendBroadcastToAllActiveAgents", {
      ...{ companyId: "default", title: "News", text: "We moved.", requestedBy: "boss" },
    });
    expect(begun).toMatchObject({ totalTargets: USERS - 1, enqueued: USERS - 1, failed: 0 });
    const { broadcastId } = begun as { broadcastId: string };
    await expect
      .poll(() => call("getBroadcast", { broadcastId }), { timeout: 20_000, interval: 100 })
      .toMatchObject({ status: "done", enqueued: USERS });
  } finally {
    await platform.close();
  }
});
