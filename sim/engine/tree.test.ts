import fc from "../../test/property.js";
import { expect, it } from "vitest";
import { emptyTree, first, get, last, remove, set, values, type Tree } from "./tree.js";

const key = fc.integer({ min: 0, max: 300 }).map((n) => String(n).padStart(3, "0"));
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key, value: fc.integer() }) },
  { weight: 2, arbitrary: fc.record({ key, value: fc.constant(null) }) },
);

it("does what a sorted list does, and leaves every earlier version as it was", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 600, size: "max" }), key, key, (changes, from, to) => {
      let tree: Tree<number> = emptyTree;
      const model = new Map<string, number>();
      const versions: [Tree<number>, [string, number][]][] = [];
      for (const { key: at, value } of changes) {
        tree = value === null ? remove(tree, at) : set(tree, at, value);
        if (value === null) model.delete(at);
        else model.set(at, value);
        versions.push([tree, [...model].sort(([a], [b]) => (a < b ? -1 : 1))]);
      }
      for (const [version, entries] of versions.filter((_version, index) => index % 50 === 0)) {
        expect([...values(version)]).toEqual(entries.map(([, value]) => value));
        expect(version.size).toBe(entries.length);
        const inside = entries.filter(([at]) => from <= at && at < to);
        const [low] = inside;
        const high = inside.at(-1);
        expect(first(version, { from, to })).toEqual(low ? { key: low[0], value: low[1] } : null);
        expect(last(version, { from, to })).toEqual(high ? { key: high[0], value: high[1] } : null);
        expect(get(version, from)).toBe(new Map(entries).get(from));
      }
    }),
    { numRuns: 60 },
  );
});

it("finds in a hundred thousand entries with a few dozen comparisons' worth of nodes", () => {
  let tree: Tree<number> = emptyTree;
  const name = (n: number) => String(n).padStart(6, "0");
  for (let n = 0; n < 100_000; n += 1) tree = set(tree, name((n * 7919) % 100_000), n);
  let height = 1;
  for (let node: Tree<number> = tree; "children" in node; node = node.children[0]!) height += 1;
  expect(height).toBeLessThanOrEqual(5);
  expect(first(tree, { from: name(54_321), to: name(54_400) })?.key).toBe(name(54_321));
  expect(tree.size).toBe(100_000);
});
