/** The tables of `npm run price`. */
import type { ModulePrice, PricedModules } from "./modules.js";
import { callCost, priceList, requestCost, type PricedCall } from "./priceList.js";
import { nestedCalls, type RecordedCall } from "./recordCalls.js";
import { bytesBySource } from "./sources.js";
import type { Step } from "./usualPaths.js";

/**
 * One line per module of the push: first what has limits, then the rest by size. `predicted ms` is what a call of any of its
 * functions would cost before it makes calls of its own.
 */
export function moduleTable({ bare, modules }: PricedModules): string {
  const rank = ({ kind }: ModulePrice) => ["public", "route", "internal"].indexOf(kind);
  const sorted = [...modules].sort((a, b) => rank(a) - rank(b) || b.bytes - a.bytes);
  const row = (
    { path, unit, functions, modules, bytes, loadMs, evalMs, evalRatio }: ModulePrice,
    kind: string,
  ) => [
    `${kind} ${unit === "app" ? "app/" : ""}${path}`,
    functions === 0 ? "" : `${functions}`,
    `${modules}`,
    `${bytes}`,
    loadMs.toFixed(1),
    evalMs.toFixed(1),
    evalRatio.toFixed(2),
    kind === "route"
      ? ""
      : callCost(priceList.componentCall, { load: { modules, evalRatio }, nested: [] }, bare).toFixed(0),
  ];
  return table([
    ["module", "functions", "modules", "bytes", "load ms", "eval ms", "x bare", "predicted ms"],
    row(bare, "bare"),
    ...sorted.map((module) => row(module, module.kind)),
  ]);
}

/** One line per step: what it called, how many nested calls that made, and what it would cost. */
export function stepTable(steps: readonly Step[], priced: PricedModules): string {
  const seen = new Set<string>();
  const rows: string[][] = [];
  for (const step of steps) {
    const isRequest = step.kind === "webhook" || step.kind === "gateway";
    const cost = costOf(step, priced);
    const row = [
      step.kind === step.name ? step.name : `${step.kind} ${step.name}`,
      step.calls.map(({ fn }) => fn).join(" + "),
      `${step.calls.reduce((sum, call) => sum + nestedCalls(call), 0)}`,
      step.calls.flatMap(namesOf).join(" "),
      cost.toFixed(0),
      (cost / (isRequest ? priceList.httpAction + priceList.callFromHttp : priceList.componentCall)).toFixed(
        1,
      ),
    ];
    if (!seen.has(row.join())) rows.push(row);
    seen.add(row.join());
  }
  return table([["usual path", "calls", "nested", "which", "predicted ms", "x bare"], ...rows], [0, 1, 3]);
}

/** Names of nested calls, repeated ones once with their number. */
function namesOf({ nested }: RecordedCall): string[] {
  const all: string[] = [];
  const collect = (calls: readonly RecordedCall[]) => {
    for (const call of calls) {
      all.push(`${call.module}:${call.fn}`);
      collect(call.nested);
    }
  };
  collect(nested);
  return [...new Set(all)].map((name) => {
    const count = all.filter((other) => other === name).length;
    return count === 1 ? name : `${count}x ${name}`;
  });
}

function costOf({ kind, calls }: Step, { bare, modules }: PricedModules): number {
  const loadOf = (component: string, module: string) => {
    const found = modules.find(
      ({ unit, path }) => (unit === "app") === (component === "") && path === `${module}.js`,
    );
    if (found === undefined) throw new Error(`a call of ${module}, which the push does not have`);
    return found;
  };
  const priced = ({ component, module, nested }: RecordedCall): PricedCall => ({
    load: loadOf(component, module),
    nested: nested.map(priced),
  });
  if (kind === "webhook" || kind === "gateway")
    return requestCost({ load: loadOf("", "http"), nested: calls.map(priced) }, bare);
  return calls.reduce((sum, call) => sum + callCost(priceList.componentCall, priced(call), bare), 0);
}

/** What a module's closure consists of, largest first. */
export function sourceTable({ path, bytes, texts }: ModulePrice, by: "folder" | "file"): string {
  const rows = bytesBySource(texts, by).map(([source, size]) => [source, `${size}`]);
  return table([[`in ${path}`, `${bytes}`], ...rows]);
}

/** Columns padded to their widest cell; the ones named in `left` are texts. */
function table(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) =>
    left.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
