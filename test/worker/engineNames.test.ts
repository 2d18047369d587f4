/** Nothing outside an engine's folder names an engine: adding one is a folder and a line. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { engineKinds } from "../../worker/src/engines/registry.js";

const ROOT = path.resolve(import.meta.dirname, "../../worker/src");
const REGISTRY = "engines/registry.ts";

/** What 1.0.11 has fixed for all engines, and texts that operators read. Each with its reason. */
const AT_THE_EDGE: Record<string, string> = {
  "envSchema.ts":
    "names that 1.0.11 gave to what every engine has: conversation, skills; the help of DATA_DIR",
  "engines/kind.ts": "the same conversation's variable, as engines get it",
  "memory/start.ts": "the same",
  "skills/materialise.ts": "the skills directory's variable, a name of 1.0.11",
  "secrets.ts": "an agent's key in a machine of 1.0.11 ends like a credential and is none",
  "engines/retryAfter.ts": "the vendor whose sentence it reads",
  "faults.ts": "how to mend a start that failed, for all causes on one page",
  "index.ts": "the engines as exports of the package",
};

const sources = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);
const isEngines = (file: string): boolean =>
  engineKinds.some(({ name }) => file.startsWith(`engines/${name}/`));

/**
 * Its name, which counts as a literal only where it is an ordinary word (echo, command), and its variables. Another engine's
 * folder may speak of it, and imports nothing of it.
 */
function naming({ name, env }: (typeof engineKinds)[number]): string[] {
  const word = ["echo", "command"].includes(name) ? `"${name}"|engines/${name}/` : name;
  const variables = Object.keys(env).map((one) => new RegExp(`\\b${one}\\b`));
  return sources.filter((file) => {
    if (file.startsWith(`engines/${name}/`)) return false;
    const patterns = isEngines(file)
      ? [new RegExp(`"\\.\\./${name}/`)]
      : [new RegExp(word, "i"), ...variables];
    const source = readFileSync(path.join(ROOT, file), "utf8");
    return patterns.some((pattern) => pattern.test(source));
  });
}

it.each(engineKinds.map((kind) => [kind.name, kind] as const))(
  "'%s' is named in its folder, in the registry and at the edge to 1.0.11, and nowhere else",
  (_, kind) => {
    expect(naming(kind).filter((file) => file !== REGISTRY && !(file in AT_THE_EDGE))).toEqual([]);
  },
);

it("has no entry for the edge that is needed no more, and something to look through", () => {
  const named = new Set(engineKinds.flatMap(naming));
  expect(Object.keys(AT_THE_EDGE).filter((file) => !named.has(file))).toEqual([]);
  expect(sources.length).toBeGreaterThan(100);
});
