import { describe, expect, it } from "vitest";
import { parseHtml } from "./parseHtml.js";
import { parseLegacyMarkdown, parseMarkdownV2 } from "./parseMarkdown.js";

const refusal = (run: () => string) => {
  try {
    return `shown: ${run()}`;
  } catch (error) {
    return (error as Error).message.replace("Bad Request: can't parse entities: ", "");
  }
};

describe("HTML", () => {
  it.each([
    ["<b>bold</b> &amp; <i>it<u>al</u>ic</i>", "bold & italic"],
    ['<a href="http://x/?a=1&amp;b=2">link</a>', "link"],
    ['<span class="tg-spoiler">s</span><pre><code class="language-x">c</code></pre>', "sc"],
    ["1 &lt; 2 &#65;&#x42; &unknown; &", "1 < 2 AB &unknown; &"],
    ["<B>case</b>", "case"],
  ])("shows %s as %s", (source, shown) => expect(parseHtml(source)).toBe(shown));

  it.each([
    ["<div>x</div>", 'Unsupported start tag "div" at byte offset 0'],
    ["è 1 < 2", 'Unsupported start tag "" at byte offset 5'],
    ["<b>x", `Can't find end tag corresponding to start tag "b"`],
    ["<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'],
    ["x</b>", "Unexpected end tag at byte offset 1"],
    ["<b", "Unclosed start tag at byte offset 0"],
    ["<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])("refuses %s", (source, reason) => expect(refusal(() => parseHtml(source))).toBe(reason));
});

describe("Markdown", () => {
  it.each([
    ["*b* _i_ __u__ ~s~ ||p|| `c` ```js\nx.y```", "b i u s p c js\nx.y"],
    ["[text](http://x/\\)y) \\. a\\_b", "text . a_b"],
    [">quote\nplain", "quote\nplain"],
  ])("V2 shows %s", (source, shown) => expect(parseMarkdownV2(source)).toBe(shown));

  it.each([
    ["Done.", "Character '.' is reserved and must be escaped with the preceding '\\'"],
    ["è *bold", "Can't find end of Bold entity at byte offset 3"],
    ["[x](y", "Can't find end of a URL at byte offset 3"],
  ])("V2 refuses %s", (source, reason) => expect(refusal(() => parseMarkdownV2(source))).toBe(reason));

  it("legacy shows text without marks and refuses an open one", () => {
    expect(parseLegacyMarkdown("*b* _i_ `c.` [t](u) Done. \\*")).toBe("b i c. t Done. *");
    expect(refusal(() => parseLegacyMarkdown("snake_case"))).toBe(
      "Can't find end of the entity starting at byte offset 5",
    );
  });
});
