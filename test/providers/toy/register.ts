/** The toy's line in each of the two lists, before anything reads them: imported first. */
import { providerKinds, type ProviderKind } from "../../../src/contract/providers.js";
import { adapters } from "../../../src/core/providers/registry.js";
import { toyAdapter } from "./adapter.js";
import { toy } from "./config.js";

(providerKinds as unknown as ProviderKind[]).push(toy);
Object.assign(adapters, { toy: toyAdapter });
