/** Finds the bodies of the contract's rows: `export const claim = asMutation(contract.claim)(…)` below `src/core`. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import ts from "typescript";
import type { FunctionKind } from "../../src/contract/row.js";
import type { RowSource } from "./contractRows.js";

/** The file that exports a row's body under the row's name, relative to `src/core`, without its extension. */
export type Handlers = ReadonlyMap<string, string>;

const coreFolder = "src/core";
const kinds: Readonly<Record<string, FunctionKind>> = {
  asQuery: "query",
  asMutation: "mutation",
  asAction: "action",
};

type Found = { name: string; file: string; kind: FunctionKind; row: string };

/** @throws Error naming every row without a body, with two, or with one of another kind, and what to do. */
export async function findHandlers(project: string, rows: readonly RowSource[]): Promise<Handlers> {
  const found: Found[] = [];
  for (const entry of await readdir(path.join(project, coreFolder), { recursive: true })) {
    if (!entry.endsWith(".ts") || entry.endsWith(".test.ts")) continue;
    found.push(...handlersIn(entry, await readFile(path.join(project, coreFolder, entry), "utf8")));
  }
  const faults: string[] = [];
  const handlers = new Map<string, string>();
  for (const { name, file, facts } of rows) {
    // Under another name a row may serve as the arguments and result of an internal function.
    const [first, ...more] = found.filter((one) => one.name === name && one.row === `${file}.${name}`);
    const wanted = `export const ${name} = ${builderOf(facts.kind)}(${file}.${name})(async (ctx, args) => …)`;
    if (first === undefined) faults.push(`${file}.${name} has no body: write \`${wanted}\` in ${coreFolder}`);
    else if (more.length > 0)
      faults.push(
        `${file}.${name} has several bodies: ${[first, ...more].map((one) => one.file).join(", ")}`,
      );
    else if (first.kind !== facts.kind)
      faults.push(`the body of ${file}.${name} in ${first.file} should be \`${wanted}\``);
    else handlers.set(name, first.file.replace(/\.ts$/, ""));
  }
  if (faults.length > 0) throw new Error(`rows and bodies do not match:\n  ${faults.join("\n  ")}`);
  return handlers;
}

const builderOf = (kind: FunctionKind): string =>
  Object.keys(kinds).find((builder) => kinds[builder] === kind) ?? kind;

function handlersIn(file: string, text: string): Found[] {
  if (!/\bas(Query|Mutation|Action)\(/.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const contracts = contractImports(source);
  return source.statements.flatMap((statement) => {
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
      if (!initializer || !ts.isCallExpression(initializer) || !ts.isIdentifier(name)) return [];
      const binding = initializer.expression;
      if (!ts.isCallExpression(binding) || !ts.isIdentifier(binding.expression)) return [];
      const kind = kinds[binding.expression.text];
      const [row] = binding.arguments;
      if (kind === undefined || !row || !ts.isPropertyAccessExpression(row)) return [];
      const contract = contracts.get(row.expression.getText());
      if (contract === undefined) return [];
      return [{ name: name.text, file, kind, row: `${contract}.${row.name.text}` }];
    });
  });
}

/** The contract files that a file imports whole, by the name it gives them. */
function contractImports(source: ts.SourceFile): Map<string, string> {
  const imports = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const contract = /\/contract\/(\w+)\.js$/.exec(statement.moduleSpecifier.text)?.[1];
    const bindings = statement.importClause?.namedBindings;
    if (contract !== undefined && bindings && ts.isNamespaceImport(bindings))
      imports.set(bindings.name.text, contract);
  }
  return imports;
}
