import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { boundaryBefore, cutText, cutTextFromStart, wellFormed } from "./cut.js";

const pieces = [
  ..."aé😀\n \u0301\u200d\ufe0f👍🏽🇩🇪",
  "👨‍👩‍👧‍👦",
  "❤️",
  "\r\n",
  "각",
  "각",
  "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  "\ud83d",
  "\ude00",
  "한",
  "नि",
];
const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((list) => list.join(""));
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const isLone = (text: string): boolean => /\p{Surrogate}/u.test(text);

describe("wellFormed", () => {
  it("replaces each lone surrogate and nothing else", () => {
    expect(wellFormed("a\ud83d b\ude00 😀")).toBe("a\ufffd b\ufffd 😀");
  });
});

describe("cutText", () => {
  it.each([
    ["a surrogate pair", "aa😀", 3, "aa"],
    ["a skin colour", "aa👍🏽", 4, "aa"],
    ["a family", "aa👨‍👩‍👧‍👦", 9, "aa"],
    ["a flag", "a🇩🇪🇫🇷", 7, "a🇩🇪"],
    [
      "two pictures with two joiners between, which are two clusters,",
      "👨\u200d\u200d🏴",
      4,
      "👨\u200d\u200d",
    ],
    ["a letter and its accent", "ae\u0301", 2, "a"],
    ["CR LF", "a\r\nb", 2, "a"],
  ])("does not cut %s", (_what, text, max, expected) => {
    expect(cutText(text, max)).toBe(expected);
  });

  it("cuts one cluster that is longer than what is asked for between its code points", () => {
    expect(cutText("👨‍👩‍👧‍👦", 4)).toBe("👨‍".slice(0, 3) + "");
    expect(cutText(`e${"\u0301".repeat(500)}`, 100)).toHaveLength(100);
  });

  it("is never longer than asked for, never half a pair, and loses less than a cluster", () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 80 }), (text, max) => {
        const cut = cutText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(isLone(cut)).toBe(false);
        if (text.length > max) expect(cut.length).toBeGreaterThan(max - 64);
        const end = cutTextFromStart(text, max);
        expect(end.length).toBeLessThanOrEqual(max);
        expect(isLone(end)).toBe(false);
      }),
    );
  });

  it("cuts where Unicode's own rules allow it", () => {
    fc.assert(
      fc.property(
        texts.filter((text) => !isLone(text)),
        fc.nat({ max: 80 }),
        (text, index) => {
          const borders = [...segmenter.segment(text)].map(({ index: at }) => at).concat(text.length);
          const wanted = Math.max(...borders.filter((at) => at <= Math.min(index, text.length)));
          if (wanted > 0) expect(boundaryBefore(text, index)).toBe(wanted);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
