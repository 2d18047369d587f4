/** What `loadModules` hands to the loader process and gets back. */
import { z } from "zod";

/** One module to be loaded as an entry, again and again, each time in a fresh context. */
export type LoadEntry = {
  readonly unit: string;
  readonly path: string;
  /** How many fresh contexts load it. */
  readonly rounds: number;
};

export type LoadingJob = {
  /** Unit -> module path -> source: the modules that an entry of that unit may import. */
  readonly units: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly entries: readonly LoadEntry[];
};

const vLoaded = z.object({
  /** Paths of every module that loading the entry loads, itself first, in the order of the imports. */
  closure: z.array(z.string()),
  /** Per fresh context, in ms of the processor: to compile and link all of them, which a deployment may cache… */
  loadMs: z.array(z.number()),
  /** …and to evaluate them, which it pays on every uncached call. */
  evalMs: z.array(z.number()),
});
export type Loaded = z.infer<typeof vLoaded>;

/** One result per entry, in the order of the job. */
export const vLoadingResult = z.array(vLoaded);
