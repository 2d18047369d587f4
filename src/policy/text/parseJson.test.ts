import { describe, expect, it } from "vitest";
import { parseJson } from "./parseJson.js";

describe("foreign JSON", () => {
  it("has halves of surrogate pairs replaced at every depth, and whole ones kept", () => {
    expect(parseJson('{"a":["\\ud83d","\\ud83d\\ude00",{"b":"x\\uDE00y"}],"c":1,"d":null}')).toEqual({
      a: ["\ufffd", "😀", { b: "x\ufffdy" }],
      c: 1,
      d: null,
    });
  });

  it("is undefined when it is none", () => {
    for (const text of ["", "{", "undefined", '"\\ud83d']) expect(parseJson(text)).toBeUndefined();
  });
});
