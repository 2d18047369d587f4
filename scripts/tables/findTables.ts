/** Finds the tables and who writes, reads and sweeps each, with the compiler's types: an id says of which table it is. */
import path from "node:path";
import ts from "typescript";

const CORE = "src/core/";
const WRITES = ["insert", "patch", "replace", "delete"] as const;
type Write = (typeof WRITES)[number];

/** A table; files are relative to `src/core`, everything is sorted. */
export type TableFacts = {
  name: string;
  /** The folder that owns it. */
  domain: string;
  /** The first sentence of its comment. */
  meaning: string;
  writers: Readonly<Record<Write, readonly string[]>>;
  /** Index to the files that read by it. */
  readers: ReadonlyMap<string, readonly string[]>;
  /** Names of the sweeps (`upkeep/sweeps.ts`) that delete its rows. */
  sweeps: readonly string[];
};

type Call = { table: string; file: string; declaration: ts.Symbol | undefined };
type Found = { writes: (Call & { kind: Write })[]; reads: (Call & { index: string })[] };

/** @throws Error for a write of which the types do not say the table. */
export function findTables(root: string): TableFacts[] {
  const config = ts.readConfigFile(path.join(root, "tsconfig.json"), (file) => ts.sys.readFile(file));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const inCore = (file: string) => path.relative(root, file).startsWith(CORE) && !file.endsWith(".test.ts");
  const program = ts.createProgram(fileNames.filter(inCore), options);
  const checker = program.getTypeChecker();
  const sources = program.getSourceFiles().filter(({ fileName }) => inCore(fileName));

  const nameOf = (source: ts.SourceFile) => path.relative(path.join(root, CORE), source.fileName);
  const found: Found = { writes: [], reads: [] };
  const bodies = new Map<ts.Symbol, ts.Node>();
  for (const source of sources)
    for (const { symbol, node } of declarationsOf(source, checker)) {
      const place = { file: nameOf(source), declaration: symbol };
      if (symbol) bodies.set(symbol, node);
      visit(node, (inner) => collect(inner, place, checker, found));
    }

  const swept = sweptTables(sources, found, bodies, checker);
  return sources
    .flatMap((source) => tablesIn(source, nameOf(source)))
    .map((table) => ({
      ...table,
      writers: Object.fromEntries(
        WRITES.map((kind) => [
          kind,
          filesOf(found.writes, (call) => call.table === table.name && call.kind === kind),
        ]),
      ) as Record<Write, string[]>,
      readers: readersOf(found.reads.filter((call) => call.table === table.name)),
      sweeps: [...swept].filter(([, tables]) => tables.has(table.name)).map(([name]) => name),
    }));
}

const visit = (node: ts.Node, see: (node: ts.Node) => void): void => {
  see(node);
  node.forEachChild((child) => visit(child, see));
};

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
const filesOf = <C extends Call>(calls: readonly C[], belongs: (call: C) => boolean): string[] =>
  unique(calls.filter(belongs).map(({ file }) => file));

const readersOf = (reads: Found["reads"]): Map<string, string[]> =>
  new Map(
    unique(reads.map(({ index }) => index)).map((index) => [
      index,
      filesOf(reads, (call) => call.index === index),
    ]),
  );

/** The statements of a file; a declaration with a name of its own has a symbol. */
function declarationsOf(source: ts.SourceFile, checker: ts.TypeChecker) {
  const symbolOf = (name: ts.Node | undefined) => name && checker.getSymbolAtLocation(name);
  return source.statements.flatMap((node): { symbol: ts.Symbol | undefined; node: ts.Node }[] =>
    ts.isVariableStatement(node)
      ? node.declarationList.declarations.map((one) => ({ symbol: symbolOf(one.name), node: one }))
      : [{ symbol: ts.isFunctionDeclaration(node) ? symbolOf(node.name) : undefined, node }],
  );
}

/** Everything a declaration names except members, imports followed to what they stand for. */
function usesOf(node: ts.Node, checker: ts.TypeChecker): Set<ts.Symbol> {
  const used = new Set<ts.Symbol>();
  visit(node, (inner) => {
    const isMember = ts.isPropertyAccessExpression(inner.parent) && inner.parent.name === inner;
    const symbol = ts.isIdentifier(inner) && !isMember ? checker.getSymbolAtLocation(inner) : undefined;
    if (symbol) used.add(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  });
  return used;
}

/** Notes a call of the database, by whatever name the database goes. */
function collect(
  node: ts.Node,
  place: { file: string; declaration: ts.Symbol | undefined },
  checker: ts.TypeChecker,
  found: Found,
): void {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
  const { name, expression: target } = node.expression;
  const argument = node.arguments[0];
  const kind = WRITES.find((write) => write === name.text);
  if (kind && argument && isDatabase(target, checker)) {
    const tables =
      kind === "insert" ? textsOf(checker.getTypeAtLocation(argument)) : idTables(argument, checker);
    if (tables.length === 0) throw new Error(`${place.file}: no table is known of ${node.getText()}`);
    found.writes.push(...tables.map((table) => ({ ...place, table, kind })));
  }
  if (name.text !== "withIndex" || !argument || !ts.isStringLiteral(argument)) return;
  const from = ts.isCallExpression(target) ? target.arguments[0] : undefined;
  for (const table of from ? textsOf(checker.getTypeAtLocation(from)) : [])
    found.reads.push({ ...place, table, index: argument.text });
}

const isDatabase = (node: ts.Node, checker: ts.TypeChecker): boolean =>
  /^GenericDatabaseWriter/.test(checker.getTypeAtLocation(node).symbol?.name ?? "");

const partsOf = (type: ts.Type): ts.Type[] => (type.isUnion() ? type.types : [type]);
const textsOf = (type: ts.Type): string[] =>
  partsOf(type).flatMap((part) => (part.isStringLiteral() ? [part.value] : []));

function idTables(id: ts.Expression, checker: ts.TypeChecker): string[] {
  return partsOf(checker.getTypeAtLocation(id)).flatMap((part) => {
    const brand = part.getProperty("__tableName");
    return brand ? textsOf(checker.getTypeOfSymbolAtLocation(brand, id)) : [];
  });
}

/** The tables of a file: the members of its `…Tables`. */
function tablesIn(source: ts.SourceFile, file: string): Pick<TableFacts, "name" | "domain" | "meaning">[] {
  const tables: Pick<TableFacts, "name" | "domain" | "meaning">[] = [];
  visit(source, (node) => {
    if (!ts.isPropertyAssignment(node) || !node.initializer.getText().startsWith("defineTable(")) return;
    const comment = ts
      .getJSDocCommentsAndTags(node)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "");
    const meaning = comment.join(" ").replaceAll(/\s+/g, " ");
    tables.push({ name: node.name.getText(), domain: path.dirname(file), meaning });
  });
  return tables;
}

/** Sweep to the tables of which something that it calls deletes rows. */
function sweptTables(
  sources: readonly ts.SourceFile[],
  found: Found,
  bodies: ReadonlyMap<ts.Symbol, ts.Node>,
  checker: ts.TypeChecker,
): Map<string, Set<string>> {
  const table = new Map<string, Set<string>>();
  const list = sources
    .find(({ fileName }) => fileName.endsWith("/upkeep/sweeps.ts"))
    ?.statements.filter(ts.isVariableStatement)
    .flatMap((statement) => [...statement.declarationList.declarations])
    .find((one) => one.name.getText() === "sweeps")?.initializer;
  if (!list || !ts.isObjectLiteralExpression(list)) throw new Error("upkeep/sweeps.ts has no list `sweeps`");
  for (const sweep of list.properties) {
    const reached = new Set<ts.Symbol>();
    const reach = (symbol: ts.Symbol): void => {
      if (reached.has(symbol)) return;
      reached.add(symbol);
      const body = bodies.get(symbol);
      if (body) usesOf(body, checker).forEach(reach);
    };
    usesOf(ts.isPropertyAssignment(sweep) ? sweep.initializer : sweep, checker).forEach(reach);
    if (ts.isShorthandPropertyAssignment(sweep)) {
      const value = checker.getShorthandAssignmentValueSymbol(sweep);
      if (value) reach(value.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(value) : value);
    }
    const deleted = found.writes.filter(
      ({ kind, declaration }) => kind === "delete" && declaration !== undefined && reached.has(declaration),
    );
    table.set(sweep.name?.getText() ?? "", new Set(deleted.map((call) => call.table)));
  }
  return table;
}
