/** The component's modules for convex-test outside Vite, where `import.meta.glob` does not exist. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ModuleMap } from "./world.js";

export function componentModules(): ModuleMap {
  const folder = fileURLToPath(new URL("../src/component", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  return Object.fromEntries(
    files.map((file) => [
      `./component/${file}`,
      () => import(pathToFileURL(join(folder, file)).href) as Promise<unknown>,
    ]),
  );
}
