import { createMemoryProvider, memoryCloud } from "../../src/core/providers/memory/memoryProvider.js";
import { ProviderError } from "../../src/core/providers/providerError.js";
import { describeProvider, specOf } from "./conformance.js";

describeProvider("memory", async () => {
  const cloud = memoryCloud("conformance");
  cloud.reset();
  const provider = createMemoryProvider("conformance");
  return {
    provider,
    loseNextReply: (operation) =>
      cloud.failNext(
        operation,
        new ProviderError({
          kind: "unavailable",
          message: "reply lost",
          retryable: true,
          outcomeUnknown: true,
        }),
        "after",
      ),
    foreignMachine: (name) => provider.createMachine(specOf(name, { metadata: { owner: "somebody else" } })),
    close: async () => cloud.reset(),
  };
});
