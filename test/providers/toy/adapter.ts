/** Machines without disks, in one workshop that takes one key. */
import { memoryCloud, createMemoryProvider } from "../../../src/core/providers/memory/memoryProvider.js";
import type { Adapter } from "../../../src/core/providers/provider.js";
import { ProviderError } from "../../../src/core/providers/providerError.js";
import type { toy } from "./config.js";

export const TOY_KEY = "key-of-the-toy-workshop";
export const workshop = (name: string) => memoryCloud(`toy ${name}`);

export const toyAdapter: Adapter<typeof toy.fields> = {
  maxStopTimeoutMs: 1_000,
  settings: ({ workshop: appName, blueprint: image, benches: regions }) => ({
    appName,
    image,
    regions,
    guest: { cpuKind: "shared", cpus: 1, memoryMb: 256 },
    volume: null,
    env: { TOY: "yes" },
  }),
  connect: ({ appName, token }) => {
    if (token !== TOY_KEY)
      throw new ProviderError({
        kind: "unauthorized",
        message: "Toy: wrong key",
        retryable: false,
        outcomeUnknown: false,
      });
    return createMemoryProvider(`toy ${appName}`);
  },
};
