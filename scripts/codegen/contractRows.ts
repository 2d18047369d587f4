/** Reads the contract's rows as they are written, without running them: name, facts, documentation. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import ts from "typescript";
import type { RowFacts } from "../../src/contract/row.js";

export type RowSource = {
  readonly name: string;
  /** The contract file, without its extension. */
  readonly file: string;
  /** The text of its JSDoc; empty without one. */
  readonly doc: string;
  readonly facts: Omit<RowFacts, "resultOf">;
};
export type ContractFile = {
  readonly name: string;
  /** The text of the comment at its top. */
  readonly doc: string;
  /** In the order of the file. */
  readonly rows: readonly RowSource[];
};

const contractFolder = "src/contract";
/** What a newcomer reads first. Further files follow by name. */
const readingOrder =
  "agents policies queue queueReads deadLetters workers snapshots media skills probes tokens deployments fleet ops telegram identity views pushing broadcasts secrets audit connections".split(
    " ",
  );
const placeOf = (name: string): number => {
  const place = readingOrder.indexOf(name);
  return place < 0 ? readingOrder.length : place;
};

/** The contract files with rows, by name. @throws Error for a row that cannot be read, or a name that two rows have. */
export async function readContract(project: string): Promise<ContractFile[]> {
  const folder = path.join(project, contractFolder);
  const names = (await readdir(folder)).filter((name) => /^[A-Za-z]+\.ts$/.test(name) && name !== "row.ts");
  const files: ContractFile[] = [];
  for (const name of names.sort()) {
    const file = contractFile(path.basename(name, ".ts"), await readFile(path.join(folder, name), "utf8"));
    if (file.rows.length > 0) files.push(file);
  }
  files.sort((a, b) => placeOf(a.name) - placeOf(b.name));
  const rows = rowsOf(files);
  for (const row of rows) {
    const other = rows.find(({ name, file }) => name === row.name && file !== row.file);
    if (row.doc === "")
      throw new Error(`${row.file}.${row.name} says nowhere what it does: give it a JSDoc comment`);
    if (other) throw new Error(`two rows are called ${row.name}: in ${row.file}.ts and ${other.file}.ts`);
  }
  return files;
}

export const rowsOf = (files: readonly ContractFile[]): RowSource[] => files.flatMap(({ rows }) => rows);

/** What a file's comment begins with. */
export const titleOf = (doc: string): string => /^[^.:;,]*/.exec(doc.replace(/\s+/g, " "))?.[0] ?? "";

function contractFile(name: string, text: string): ContractFile {
  const source = ts.createSourceFile(`${name}.ts`, text, ts.ScriptTarget.Latest, true);
  const rows = source.statements.flatMap((statement) => {
    if (!ts.isVariableStatement(statement) || !isExported(statement)) return [];
    return statement.declarationList.declarations.flatMap((declaration) => {
      const facts = factsOf(declaration.initializer, name);
      if (facts === null || !ts.isIdentifier(declaration.name)) return [];
      return [{ name: declaration.name.text, file: name, doc: docOf(statement), facts }];
    });
  });
  return { name, doc: docOf(source.statements[0]), rows };
}

const isExported = (statement: ts.VariableStatement): boolean =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;

const kinds: readonly string[] = ["query", "mutation", "action"];

/** What `query("operators", {…})(build)` says; null for anything else. */
function factsOf(node: ts.Expression | undefined, file: string): RowSource["facts"] | null {
  if (!node || !ts.isCallExpression(node) || !ts.isCallExpression(node.expression)) return null;
  const { expression: builder, arguments: said } = node.expression;
  if (!ts.isIdentifier(builder) || !kinds.includes(builder.text)) return null;
  const [module, further] = said;
  if (!module) throw new Error(`${file}.ts: ${node.expression.getText()} names no module`);
  return {
    kind: builder.text,
    module: plain(module, file),
    ...(further && literal(further, file)),
  } as RowSource["facts"];
}

function literal(facts: ts.Expression, file: string): object {
  if (!ts.isObjectLiteralExpression(facts)) throw new Error(`${file}.ts: a row's facts are written in place`);
  const entries = facts.properties.flatMap((property) => {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name))
      throw new Error(`${file}.ts: a row's facts are plain: ${property.getText()}`);
    const { name, initializer } = property;
    // It names a row; whoever needs that row runs the contract.
    return name.text === "resultOf" ? [] : [[name.text, plain(initializer, file)] as const];
  });
  return Object.fromEntries(entries);
}

function plain(node: ts.Expression, file: string): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => plain(element, file));
  throw new Error(`${file}.ts: a row's facts are texts, true, and lists of texts: ${node.getText()}`);
}

/** The text of the JSDoc that stands first (at the top of a file) or last (anywhere else) before a node. */
function docOf(node: ts.Node | undefined): string {
  if (!node) return "";
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const isTop = node.getFullStart() === 0;
  const chosen = isTop ? comments[0] : comments.at(-1);
  return chosen === undefined ? "" : textOf(chosen.getText());
}

/** A comment without its stars, its lines as they are. */
const textOf = (comment: string): string =>
  comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();

/** A text as JSDoc, each line after `indent`. */
export function jsDoc(text: string, indent = ""): string {
  if (text === "") return "";
  const lines = text.replaceAll("*/", "*\\/").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  const inner = lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n");
  return `${indent}/**\n${inner}\n${indent} */\n`;
}
