/** `foo.ts` that exports a public `bar` and a `foo/bar.ts` with public functions would share one address. */
import type { DeployedModule, Rule } from "../deployUnit.js";

const isPublic = (fn: DeployedModule["functions"][number]) => fn.visibility === "public";

export const clashes: Rule = (unit) => {
  const publicModules = unit.modules.filter((module) => module.functions.some(isPublic));
  const folders = new Map<string, string>();
  for (const { path } of publicModules) {
    const segments = path.replace(/\.js$/, "").split("/");
    // Every prefix counts: `foo/bar/baz.ts` also makes `foo/bar` a folder of the address tree.
    for (let length = 1; length <= segments.length; length++)
      folders.set(segments.slice(0, length).join("/"), path);
  }
  return publicModules.flatMap(({ path, functions }) =>
    functions.filter(isPublic).flatMap((fn) => {
      const other = folders.get(`${path.replace(/\.js$/, "")}/${fn.name}`);
      if (other === undefined) return [];
      return [
        {
          rule: "clash",
          where: `${unit.name} ${path}:${fn.name}`,
          message: `has the same address as the public functions of ${other}`,
        },
      ];
    }),
  );
};
