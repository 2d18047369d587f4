import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ModuleMap } from "../../engine/index.js";

/** The modules of one component's folder. Nested components, tests and generated files are left out, as in a push. */
export function loadModules(directory: string): ModuleMap {
  return Object.fromEntries(
    moduleFiles(directory).map((file) => {
      const modulePath = path.relative(directory, file).split(path.sep).join("/");
      let loading: Promise<unknown> | undefined;
      const load = () => (loading ??= import(/* @vite-ignore */ pathToFileURL(file).href));
      return [modulePath.replace(/\.[jt]s$/, ""), load];
    }),
  );
}

function moduleFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      const isComponent = ["ts", "js"].some((ending) =>
        existsSync(path.join(full, `convex.config.${ending}`)),
      );
      return entry.name === "_generated" || isComponent ? [] : moduleFiles(full);
    }
    return /^[^.]+\.[jt]s$/.test(entry.name) ? [full] : [];
  });
}
