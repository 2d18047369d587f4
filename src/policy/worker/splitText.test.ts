import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { splitText } from "./splitText.js";

const withoutSpace = (text: string): string => text.replace(/\s+/gu, "");
const lonePart = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const prose = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom(" ", "\n", "\n\n", "\r\n", "😀", "a".repeat(30)),
    ),
    {
      maxLength: 60,
    },
  )
  .map((pieces) => pieces.join(""));
const limit = fc.integer({ min: 2, max: 60 });

describe("splitText", () => {
  it("keeps every part within the limit, non-blank, and loses nothing but whitespace at borders", () => {
    fc.assert(
      fc.property(prose, limit, (text, max) => {
        const parts = splitText(text, max);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(max);
          expect(part.trim()).not.toBe("");
        }
        expect(withoutSpace(parts.join(""))).toBe(withoutSpace(text));
      }),
    );
  });

  it("never cuts a surrogate pair", () => {
    fc.assert(
      fc.property(prose, limit, (text, max) => {
        fc.pre(!lonePart.test(text));
        for (const part of splitText(text, max)) expect(lonePart.test(part)).toBe(false);
      }),
    );
  });

  it("keeps an emoji on the limit whole", () => {
    expect(splitText("abc😀def", 4)).toEqual(["abc", "😀de", "f"]);
  });

  it("prefers a paragraph to a line to a word", () => {
    expect(splitText("one two\n\nthree\nfour five", 16)).toEqual(["one two\n\nthree", "four five"]);
    expect(splitText("one two three\n\nfour five", 20)).toEqual(["one two three", "four five"]);
    expect(splitText("aaaa bbbb cccc", 10)).toEqual(["aaaa bbbb", "cccc"]);
  });

  it("takes text of exactly the limit as one part and cuts one more unit", () => {
    expect(splitText("x".repeat(4096), 4096)).toHaveLength(1);
    expect(splitText("x".repeat(4097), 4096).map((part) => part.length)).toEqual([4096, 1]);
  });

  it("gives no parts for a blank text and refuses a useless limit", () => {
    expect(splitText(" \n\t ", 4096)).toEqual([]);
    expect(() => splitText("x", 1)).toThrow(RangeError);
  });
});
