import type { IndexKey, KeyRange } from "./orderedKeys.js";

/** Entries of a leaf, children of a branch. */
const WIDTH = 32;

interface Leaf<T> {
  readonly size: number;
  readonly keys: readonly IndexKey[];
  readonly values: readonly T[];
}
interface Branch<T> {
  readonly size: number;
  /** The smallest key below each child; that of the first is not looked at. */
  readonly keys: readonly IndexKey[];
  readonly children: readonly Tree<T>[];
}

/**
 * An ordered map that is never changed: every write makes a new one that shares all but the path to the entry. A snapshot
 * of the database is therefore nothing but its trees at that moment, and costs nothing to take, to keep or to drop.
 */
export type Tree<T> = Leaf<T> | Branch<T>;

export interface Entry<T> {
  key: IndexKey;
  value: T;
}

export const emptyTree: Tree<never> = { size: 0, keys: [], values: [] };

export function get<T>(tree: Tree<T>, key: IndexKey): T | undefined {
  let node = tree;
  while ("children" in node) node = node.children[childAt(node, key)]!;
  const at = lowerBound(node.keys, key);
  return node.keys[at] === key ? node.values[at] : undefined;
}

/** With this entry, which takes the place of one of the same key. */
export function set<T>(tree: Tree<T>, key: IndexKey, value: T): Tree<T> {
  const [left, right] = insert(tree, key, value);
  return right ? branch([left, right]) : left;
}

/** Without the entry of this key; the same tree when there is none. */
export function remove<T>(tree: Tree<T>, key: IndexKey): Tree<T> {
  if (!("children" in tree)) {
    const at = lowerBound(tree.keys, key);
    return tree.keys[at] === key ? leaf(without(tree.keys, at), without(tree.values, at)) : tree;
  }
  const at = childAt(tree, key);
  const before = tree.children[at]!;
  const after = remove(before, key);
  if (after === before) return tree;
  // Nodes may get thin but never empty, so the height never grows with the number of deletions.
  const children = after.size === 0 ? without(tree.children, at) : replaced(tree.children, at, [after]);
  return children.length === 1 ? children[0]! : branch(children);
}

/** The entry with the smallest key of the range. */
export function first<T>(tree: Tree<T>, { from, to }: KeyRange): Entry<T> | null {
  if (!("children" in tree)) {
    const at = lowerBound(tree.keys, from);
    const key = tree.keys[at];
    return key !== undefined && key < to ? { key, value: tree.values[at]! } : null;
  }
  for (let at = childAt(tree, from); at < tree.children.length; at += 1) {
    const found = first(tree.children[at]!, { from, to });
    if (found) return found;
    // The next child begins with its own smallest key: it has the answer, or nobody.
    if (at + 1 < tree.children.length && tree.keys[at + 1]! >= to) return null;
  }
  return null;
}

/** The entry with the greatest key of the range. */
export function last<T>(tree: Tree<T>, { from, to }: KeyRange): Entry<T> | null {
  if (!("children" in tree)) {
    const at = lowerBound(tree.keys, to) - 1;
    const key = tree.keys[at];
    return key !== undefined && key >= from ? { key, value: tree.values[at]! } : null;
  }
  for (let at = childAt(tree, to); at >= 0; at -= 1) {
    const found = last(tree.children[at]!, { from, to });
    if (found) return found;
    if (tree.keys[at]! < from) return null;
  }
  return null;
}

/** All values in the order of their keys. */
export function* values<T>(tree: Tree<T>): Generator<T> {
  if ("children" in tree) for (const child of tree.children) yield* values(child);
  else yield* tree.values;
}

function insert<T>(tree: Tree<T>, key: IndexKey, value: T): [Tree<T>, Tree<T>?] {
  if ("children" in tree) {
    const at = childAt(tree, key);
    const [left, right] = insert(tree.children[at]!, key, value);
    const children = replaced(tree.children, at, right ? [left, right] : [left]);
    if (children.length <= WIDTH) return [branch(children)];
    const half = children.length >> 1;
    return [branch(children.slice(0, half)), branch(children.slice(half))];
  }
  const at = lowerBound(tree.keys, key);
  if (tree.keys[at] === key) return [leaf(tree.keys, replaced(tree.values, at, [value]))];
  const keys = withAdded(tree.keys, at, key);
  const entries = withAdded(tree.values, at, value);
  if (keys.length <= WIDTH) return [leaf(keys, entries)];
  const half = keys.length >> 1;
  return [leaf(keys.slice(0, half), entries.slice(0, half)), leaf(keys.slice(half), entries.slice(half))];
}

const leaf = <T>(keys: readonly IndexKey[], entries: readonly T[]): Leaf<T> => ({
  size: keys.length,
  keys,
  values: entries,
});

function branch<T>(children: readonly Tree<T>[]): Branch<T> {
  let size = 0;
  for (const child of children) size += child.size;
  return { size, keys: children.map(smallestKey), children };
}

function smallestKey<T>(tree: Tree<T>): IndexKey {
  return tree.keys[0]!;
}

/** The child in whose part of the order the key lies. */
function childAt<T>({ keys }: Branch<T>, key: IndexKey): number {
  let low = 1;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The first place whose key is not smaller. */
function lowerBound(keys: readonly IndexKey[], key: IndexKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function without<T>(list: readonly T[], at: number): T[] {
  const copy = list.slice();
  copy.splice(at, 1);
  return copy;
}
function withAdded<T>(list: readonly T[], at: number, one: T): T[] {
  const copy = list.slice();
  copy.splice(at, 0, one);
  return copy;
}
function replaced<T>(list: readonly T[], at: number, by: readonly T[]): T[] {
  const copy = list.slice();
  copy.splice(at, 1, ...by);
  return copy;
}
