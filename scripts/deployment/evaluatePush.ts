/**
 * Evaluates a push request in a bare Node process: lays its modules out in a temporary folder, imports each of them
 * there and reports what they export. The folder is always removed.
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { type EvaluationJob, type EvaluationResult, vEvaluationResult } from "./evaluation.js";
import { type PushedModule, type PushRequest, unitsOf } from "./pushRequest.js";
import { runProcess } from "./runProcess.js";

/** A deployment gives each module 4 s to load; the whole push gets a minute here before it counts as hanging. */
const EVALUATION_TIMEOUT_MS = 60_000;

const CHILD_DEFINITION = /(["'])\.\/_componentDeps\/([A-Za-z0-9_-]+)\1/g;

/** Throws when the evaluator itself fails; a pushed module that throws is part of the result. */
export async function evaluatePush(request: PushRequest, signal?: AbortSignal): Promise<EvaluationResult> {
  // The real path, because stack traces of the evaluated modules are matched against it.
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-push-")));
  try {
    await writeFile(path.join(directory, "package.json"), '{"type":"module"}');
    const evaluator = path.join(directory, "evaluator.mjs");
    await writeFile(evaluator, await evaluatorAsJavaScript());
    const jobFile = path.join(directory, "job.json");
    const resultFile = path.join(directory, "result.json");
    // The modules get a folder of their own: the evaluator must not count as one of them on a stack trace.
    await writeFile(jobFile, JSON.stringify(await layOut(request, path.join(directory, "modules"))));
    const { code, output } = await runProcess(process.execPath, [evaluator, jobFile, resultFile], {
      cwd: directory,
      env: {},
      timeoutMs: EVALUATION_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    if (code !== 0) throw new Error(`evaluating the pushed modules failed:\n${output}`);
    return vEvaluationResult.parse(JSON.parse(await readFile(resultFile, "utf8")));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function evaluatorAsJavaScript(): Promise<string> {
  const source = await readFile(fileURLToPath(new URL("./evaluator.ts", import.meta.url)), "utf8");
  return ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}

async function layOut(request: PushRequest, directory: string): Promise<EvaluationJob> {
  const folderOf = new Map(unitsOf(request).map((unit, index) => [unit.definitionPath, `unit${index}`]));
  const put = async (folder: string, module: PushedModule, source = module.source): Promise<string> => {
    const file = path.join(directory, folder, module.path);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, source);
    return pathToFileURL(file).href;
  };
  const units: EvaluationJob["units"][number][] = [];
  for (const unit of unitsOf(request)) {
    const folder = folderOf.get(unit.definitionPath)!;
    const modules: { path: string; file: string }[] = [];
    for (const module of unit.modules) {
      const file = await put(path.join(folder, "functions"), module);
      // Chunks shared between modules are loaded by the modules; `node` modules never run in a component.
      if (!module.path.startsWith("_deps/") && module.environment === "isolate") {
        modules.push({ path: module.path, file });
      }
    }
    const definition =
      unit.definition === null
        ? null
        : await put(
            path.join(folder, "definition"),
            unit.definition,
            await withChildDefinitions(unit.definition, path.join(directory, folder, "definition"), {
              directory,
              folderOf,
              request,
            }),
          );
    const schema = unit.schema === null ? null : await put(path.join(folder, "schema"), unit.schema);
    units.push({ definitionPath: unit.definitionPath, definition, schema, modules });
  }
  return { directory, units };
}

/**
 * Definitions import their children as `./_componentDeps/<base64url of the child's path>`. Each becomes a small
 * module that asks the child's own definition for its name, so Node resolves the order.
 */
async function withChildDefinitions(
  definition: PushedModule,
  folder: string,
  at: { directory: string; folderOf: ReadonlyMap<string, string>; request: PushRequest },
): Promise<string> {
  const stubs = path.join(folder, path.dirname(definition.path), "_componentDeps");
  for (const [, , encoded] of definition.source.matchAll(CHILD_DEFINITION)) {
    const childPath = Buffer.from(encoded!, "base64url").toString();
    const child = at.request.componentDefinitions.find((c) => c.definitionPath === childPath);
    if (child === undefined) throw new Error(`the push request lacks the definition of ${childPath}`);
    const childFile = path.join(
      at.directory,
      at.folderOf.get(childPath)!,
      "definition",
      child.definition.path,
    );
    await mkdir(stubs, { recursive: true });
    await writeFile(
      path.join(stubs, `${encoded}.mjs`),
      `import child from ${JSON.stringify(pathToFileURL(childFile).href)};\n` +
        `export default { componentDefinitionPath: ${JSON.stringify(childPath)}, defaultName: child.export().name };\n`,
    );
  }
  return definition.source.replace(CHILD_DEFINITION, "$1./_componentDeps/$2.mjs$1");
}
