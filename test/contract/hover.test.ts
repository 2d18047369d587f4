/** What an editor shows at a key: the documentation of its row, asked of TypeScript's language service as an editor does. */
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { readContract, rowsOf } from "../../scripts/codegen/contractRows.js";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** It compiles the example app: some 10 s on an idle machine. */
const COMPILE_TIMEOUT_MS = 240_000;

/** The documentation at the end of each line of a file of the example app that ends with a name. */
function hoversOf(text: string): string[] {
  const file = path.join(ROOT, "example/convex/planted.ts");
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(ROOT, "tsconfig.json"),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  );
  const service = ts.createLanguageService({
    getCompilationSettings: () => config?.options ?? {},
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const found = name === file ? text : ts.sys.readFile(name);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    directoryExists: ts.sys.directoryExists,
  });
  return [...text.matchAll(/\w(?=;$)/gm)].map(({ index }) =>
    ts.displayPartsToString(service.getQuickInfoAtPosition(file, index)?.documentation),
  );
}

const plain = (doc: string): string => doc.replace(/\s+/g, " ").trim();

describe("hovering", async () => {
  const documented = rowsOf(await readContract(ROOT)).filter(({ doc }) => doc !== "");
  const exposed = documented.filter(({ facts }) => facts.for !== undefined);
  const operators = exposed.filter(({ facts }) => facts.for !== "worker" && facts.for !== "write");
  const ends = [
    ...exposed.map((row) => ({ row, at: `api.${row.facts.as ?? row.name};` })),
    ...operators.map((row) => ({ row, at: `operatorApi.${row.facts.as ?? row.name};` })),
    ...documented.map((row) => ({ row, at: `components.agentFactory.lib.${row.name};` })),
    { row: exposed.find(({ name }) => name === "enqueue")!, at: "const { enqueue } = api; void enqueue;" },
  ];

  it(
    "an exposed key, an operator's key or a function of the component shows what its row says",
    () => {
      const hovers = hoversOf(`
        import { exposeApi, exposeOperatorApi } from "@okrlinkhub/agent-factory"
        import { components } from "./_generated/api"
        const api = exposeApi(components.agentFactory, { auth: async () => "u" })
        const operatorApi = exposeOperatorApi(components.agentFactory)
${ends.map(({ at }) => at).join("\n")}
`);
      expect(hovers).toHaveLength(ends.length);
      const wrong = ends.filter(({ row }, index) => plain(hovers[index] ?? "") !== plain(row.doc));
      expect(wrong.map(({ at }) => at)).toEqual([]);
    },
    COMPILE_TIMEOUT_MS,
  );
});
