import { compareValues, type Value } from "convex/values";
import fc from "../../test/property.js";
import { expect, it } from "vitest";
import { after, beyond, keyOf, prefixRange } from "./orderedKeys.js";

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<Value>(
      null,
      true,
      false,
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      "",
      "a",
      "a\u0000",
      "a\u0000b",
      "é",
      "😀",
    ),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.slice().buffer),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), tie("value"), { maxKeys: 3 }),
  ),
}));
const field = fc.option(value, { nil: undefined });
const sign = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

it("keys are ordered as Convex orders the values", () => {
  fc.assert(
    fc.property(field, field, (a, b) => {
      expect(sign(keyOf([a]), keyOf([b]))).toBe(Math.sign(compareValues(a, b)));
    }),
    { numRuns: 2_000 },
  );
});

it("keys of several values are ordered by the first that differs", () => {
  fc.assert(
    fc.property(fc.tuple(field, field), fc.tuple(field, field), ([a1, a2], [b1, b2]) => {
      const expected = Math.sign(compareValues(a1, b1)) || Math.sign(compareValues(a2, b2));
      expect(sign(keyOf([a1, a2]), keyOf([b1, b2]))).toBe(expected);
    }),
  );
});

it("the range of a prefix holds exactly the keys that begin with it", () => {
  fc.assert(
    fc.property(field, field, field, (prefix, other, rest) => {
      const { from, to } = prefixRange([prefix]);
      const inside = (key: string) => from <= key && key < to;
      expect(inside(keyOf([prefix, rest]))).toBe(true);
      expect(inside(keyOf([other, rest]))).toBe(compareValues(prefix, other) === 0);
    }),
  );
});

it("nothing lies between a key and the one after it, and everything that begins with it before what is beyond", () => {
  const key = keyOf(["a"]);
  expect(key < after(key)).toBe(true);
  expect(after(key) <= keyOf(["a", undefined])).toBe(true);
  expect(keyOf(["a", { z: "😀" }]) < beyond(key)).toBe(true);
});
