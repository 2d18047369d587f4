/**
 * The component as the engine loads it: its functions bundled from the source, unchanged or with one text of it replaced. A
 * mutant is thus the real code but for one thing, whether that is exported or not.
 */
import { build, type Plugin } from "esbuild";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installGlobals, type ModuleMap } from "../../sim/engine/index.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** What the queue runs through; the others are named by it, and called by nothing here. */
const MODULES = ["schema", "lib", "queue", "workers", "operators", "fleet", "tick", "upkeep"];
/** What the fleet runs through besides: the calls to the provider, and the secrets that they need. */
export const FLEET_MODULES = [...MODULES, "cloud", "telegram"];

/** One text of a source file, and what stands there instead. */
export interface Replacement {
  /** Below `src/`, such as `core/queue/pass.ts`. */
  file: string;
  text: string;
  by: string;
}

/**
 * Bundles the component and loads it.
 * @throws Error when a text to be replaced is not there exactly once: then the source has changed, and the mutant must follow.
 */
export async function loadComponent(
  replacements: readonly Replacement[] = [],
  modules: readonly string[] = MODULES,
): Promise<ModuleMap> {
  // Before any module is evaluated: `_generated/server` keeps `process.env` as it finds it.
  installGlobals();
  const parent = join(REPOSITORY, "tmp");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "schedules-"));
  try {
    await build({
      entryPoints: modules.map((name) => join(REPOSITORY, "src/component", `${name}.ts`)),
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
      plugins: replacements.length > 0 ? [planting(replacements)] : [],
    });
    const loaded = new Map<string, unknown>();
    for (const name of modules)
      loaded.set(name, await import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.mjs`)).href));
    return Object.fromEntries(modules.map((name) => [name, () => Promise.resolve(loaded.get(name))]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function planting(replacements: readonly Replacement[]): Plugin {
  const files = new Map<string, Replacement[]>();
  for (const replacement of replacements) {
    const file = join(REPOSITORY, "src", replacement.file);
    files.set(file, [...(files.get(file) ?? []), replacement]);
  }
  return {
    name: "planting",
    setup: (bundler) =>
      bundler.onLoad({ filter: /src[/\\](core|component|policy)[/\\].*\.ts$/ }, async ({ path }) => {
        const own = files.get(path);
        if (!own) return undefined;
        let source = await readFile(path, "utf8");
        for (const { file, text, by } of own) {
          const parts = source.split(text);
          if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${text}`);
          source = parts.join(by);
        }
        return { contents: source, loader: "ts" };
      }),
  };
}
