/** Drives `convex codegen` against the stand-in deployment for one project folder. */
import { convexCli, convexVersion } from "../deployment/convexCli.js";
import { startStandIn } from "../deployment/standIn.js";

export type GenerateOptions = {
  /** Folder with `package.json` and `convex.json`. */
  readonly project: string;
  /** Component folders (with a `convex.config.ts`) below the project; their files come before the app's. */
  readonly components: readonly string[];
  readonly signal?: AbortSignal;
  readonly log: (line: string) => void;
};

/** Writes every `_generated` file of the components and the app. Throws with the CLI's own words when it refuses. */
export async function generate({ project, components, signal, log }: GenerateOptions): Promise<void> {
  const standIn = await startStandIn(convexVersion(), signal);
  try {
    const connection = ["--url", standIn.url, "--admin-key", "stand-in", "--typecheck", "disable"];
    for (const target of [...components, null]) {
      const name = target ?? "app";
      const startedAt = performance.now();
      const args = target === null ? [] : ["--component-dir", target];
      const { code, output } = await convexCli(["codegen", ...connection, ...args], project, signal);
      if (code !== 0) throw new Error(`convex codegen failed for ${name}:\n${output.trim()}`);
      log(`generated ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    }
  } finally {
    await standIn.close();
  }
}
