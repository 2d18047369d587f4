import { createFlyProvider } from "../../src/core/providers/fly/flyAdapter.js";
import { NO_FLY_LIMITS, startFlyServer } from "../../sim/fly/index.js";
import { describeProvider, specOf } from "./conformance.js";

/** Over real sockets. Waits of the adapter are skipped; the simulator's limits have tests of their own. */
describeProvider("fly", async () => {
  const server = await startFlyServer({
    apps: ["workers"],
    bootMs: 5,
    destroyMs: 5,
    claimReleaseMs: 5,
    rateLimits: NO_FLY_LIMITS,
  });
  const provider = createFlyProvider("workers", server.token, {
    baseUrl: server.baseUrl,
    sleep: async () => undefined,
  });
  const paths = { createMachine: "/machines", createVolume: "/volumes", destroy: "/machines/*" };
  return {
    provider,
    // The adapter repeats what is safe to repeat, so the connection stays broken for as long as it tries.
    loseNextReply: (operation) => {
      const method = operation === "destroy" ? "DELETE" : "POST";
      const path = `/v1/apps/workers${paths[operation]}`;
      server.setFaults([
        { kind: "dropAfter", method, path, count: 1 },
        ...(operation === "createVolume" ? [] : [{ kind: "dropBefore" as const, method, path, count: 3 }]),
      ]);
    },
    foreignMachine: (name) => provider.createMachine(specOf(name, { metadata: { owner: "somebody else" } })),
    close: () => server.close(),
  };
});
