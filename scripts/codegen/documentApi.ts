/** Puts the documentation of the contract's rows into the component's generated interface, where an app's editor shows it. */
import ts from "typescript";
import { jsDoc, type RowSource } from "./contractRows.js";

/** `_generated/component.ts` with a JSDoc comment before each function of `lib` whose row has one. */
export function documentApi(text: string, rows: readonly RowSource[]): string {
  const docs = new Map(rows.map(({ name, doc }) => [name, doc]));
  const source = ts.createSourceFile("component.ts", text, ts.ScriptTarget.Latest, true);
  const places: { at: number; doc: string }[] = [];
  const visit = (node: ts.Node, module: string): void => {
    if (ts.isPropertySignature(node)) {
      const name = node.name.getText();
      const doc = module === "lib" ? docs.get(name) : undefined;
      if (doc) places.push({ at: node.getStart(), doc });
      if (module === "") ts.forEachChild(node, (child) => visit(child, name));
    } else ts.forEachChild(node, (child) => visit(child, module));
  };
  visit(source, "");
  let documented = text;
  for (const { at, doc } of places.reverse()) {
    const indent = " ".repeat(at - documented.lastIndexOf("\n", at) - 1);
    documented = documented.slice(0, at) + jsDoc(doc, indent).trimStart() + indent + documented.slice(at);
  }
  return documented;
}
