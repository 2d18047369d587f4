import { expect, it } from "vitest";
import { parseValidator, sortKeys } from "./validatorJson.js";

it("sorts object fields at every level and keeps the order of unions", () => {
  const field = (fieldType: object) => ({ fieldType, optional: false });
  const inner = { type: "object", value: { z: field({ type: "null" }), a: field({ type: "string" }) } };
  const given = {
    type: "union",
    value: [
      { type: "string" },
      { type: "array", value: inner },
      { type: "record", keys: { type: "string" }, values: field(inner) },
      { type: "null" },
    ],
  };
  const sorted = sortKeys(parseValidator(JSON.stringify(given))!);
  expect(JSON.stringify(sorted).match(/"(z|a)":/g)).toEqual(['"a":', '"z":', '"a":', '"z":']);
  expect(sorted).toEqual(given);
  expect(sorted.type === "union" && sorted.value.map((member) => member.type)).toEqual([
    "string",
    "array",
    "record",
    "null",
  ]);
});

it("refuses a validator kind it does not know", () => {
  expect(() => parseValidator('{"type":"decimal"}')).toThrow();
  expect(parseValidator("null")).toBeNull();
});
