/** A small Convex project in a temporary folder, for tests that run the real CLI. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const BASE: Record<string, string> = {
  "package.json": '{"name":"planted","type":"module","dependencies":{"convex":"*"}}',
  "convex.json": '{"functions":"app"}',
  "app/convex.config.ts":
    'import { defineApp } from "convex/server";\nimport child from "../child/convex.config";\n' +
    "const app = defineApp();\napp.use(child);\nexport default app;\n",
  "child/convex.config.ts":
    'import { defineComponent } from "convex/server";\nexport default defineComponent("child");\n',
  "child/lib.ts":
    'import { queryGeneric } from "convex/server";\nimport { v } from "convex/values";\n' +
    "export const ping = queryGeneric({ args: { b: v.string(), a: v.optional(v.number()) }, returns: v.null(), handler: () => null });\n",
};

/** Files overwrite or extend a sound project with one app (`app/`) and one component (`child/`). */
export async function withPlantedProject<T>(
  files: Readonly<Record<string, string>>,
  work: (root: string) => Promise<T>,
): Promise<T> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-planted-")));
  try {
    for (const [name, text] of Object.entries({ ...BASE, ...files })) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true });
      await writeFile(path.join(root, name), text);
    }
    await symlink(path.join(ROOT, "node_modules"), path.join(root, "node_modules"), "dir");
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
