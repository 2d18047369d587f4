/** What only the source text shows: calls that bundle and load, but fail or leak once they run in a component. */
import { builtinModules } from "node:module";
import ts from "typescript";
import type { Fault } from "../deployUnit.js";

export type SourceFile = {
  /** Path relative to the functions or component folder, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly isComponent: boolean;
};

const PUBLIC_BUILDERS = new Set(["query", "mutation", "action"]);
/** The one Node module the runtime offers. */
const OFFERED_BY_RUNTIME = "node:async_hooks";
/** The component's table of contents: the only file that may register public functions. */
const PUBLIC_FILE = "lib.ts";

export function sourceFaults(file: SourceFile): Fault[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
  const faults: Fault[] = [];
  const fault = (node: ts.Node, rule: string, message: string) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    faults.push({ rule, where: `${file.path}:${line}`, message });
  };
  const checkImport = (node: ts.Node, specifier: string) => {
    const name = specifier.replace(/^node:/, "");
    if (builtinModules.includes(name.split("/")[0]!) && specifier !== OFFERED_BY_RUNTIME) {
      fault(node, "nodeBuiltin", `imports ${specifier}, which the runtime does not have`);
    }
  };
  const visit = (node: ts.Node): void => {
    if (
      ts.isExpressionStatement(node) &&
      ts.isStringLiteral(node.expression) &&
      node.expression.text === "use node"
    ) {
      fault(node, "useNode", '"use node" is not allowed here');
    }
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      if (node.importClause?.isTypeOnly !== true) checkImport(node, node.moduleSpecifier.text);
      if (file.isComponent && file.path !== PUBLIC_FILE) {
        for (const name of publicBuildersOf(node)) {
          fault(node, "publicBuilder", `imports ${name}; only ${PUBLIC_FILE} registers public functions`);
        }
      }
    }
    if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      checkImport(node, node.moduleSpecifier.text);
    }
    if (file.isComponent) checkComponentCall(node, fault);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

function checkComponentCall(
  node: ts.Node,
  fault: (node: ts.Node, rule: string, message: string) => void,
): void {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const method = node.expression.name.text;
    if (method === "paginate") fault(node, "paginate", ".paginate() throws inside a component");
    if (method === "generateKey")
      fault(node, "generateKey", "generateKey works in actions only; import random bytes");
  }
  if (
    ts.isPropertyAccessExpression(node) &&
    node.name.text === "auth" &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "ctx"
  ) {
    fault(node, "auth", "ctx.auth is not available in a component; take the user as an argument");
  }
}

function publicBuildersOf(node: ts.ImportDeclaration): string[] {
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings) || !ts.isStringLiteral(node.moduleSpecifier))
    return [];
  const from = node.moduleSpecifier.text;
  return bindings.elements
    .map((element) => (element.propertyName ?? element.name).text)
    .filter((name) =>
      from === "convex/server"
        ? PUBLIC_BUILDERS.has(name.replace(/Generic$/, "")) && name.endsWith("Generic")
        : /\/_generated\/server(\.js)?$/.test(from) && PUBLIC_BUILDERS.has(name),
    );
}
