/** Runs the contract of a project folder, wherever that is: its validators, and what is exposed of it. */
import { build } from "esbuild";
import type { ContractRow } from "../../src/contract/row.js";
import type { SurfaceRow } from "../../src/client/surface/row.js";

export type RunContract = {
  /** By contract file, each with its exports. */
  readonly files: Readonly<Record<string, Readonly<Record<string, ContractRow>>>>;
  readonly surface: Readonly<Record<string, SurfaceRow>>;
  readonly errorCodes: readonly string[];
};

/** @throws Error when it cannot be bundled or evaluated. */
export async function runContract(project: string, names: readonly string[]): Promise<RunContract> {
  const contents = [
    ...names.map((name) => `export * as file_${name} from "./src/contract/${name}.ts";`),
    `export { surface } from "./src/client/surface/index.ts";`,
    `export { errorCodes } from "./src/contract/errors.ts";`,
  ].join("\n");
  const run = await evaluate(project, contents);
  return {
    files: Object.fromEntries(names.map((name) => [name, run[`file_${name}`]])) as RunContract["files"],
    surface: run.surface as RunContract["surface"],
    errorCodes: run.errorCodes as RunContract["errorCodes"],
  };
}

/** What a module of this text exports, which stands in the project folder. */
export async function evaluate(project: string, contents: string): Promise<Record<string, unknown>> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  const code = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)) as Record<string, unknown>;
}
