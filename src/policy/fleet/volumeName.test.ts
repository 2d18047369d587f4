import { describe, expect, it } from "vitest";
import { volumeName } from "./volumeName.js";

describe("volumeName", () => {
  it("is the prefix and the base 36 FNV-1a hash of the worker id", () => {
    // FNV-1a 32 of "a" is 0xe40c292c by the algorithm's own test vectors.
    expect(volumeName("data", "a")).toBe(`data_${(0xe40c292c).toString(36)}`);
  });

  it("gives the same worker the same name and another worker another one", () => {
    const first = volumeName("openclaw_data", "afw-1735689600000-0123456789abcdef");
    expect(volumeName("openclaw_data", "afw-1735689600000-0123456789abcdef")).toBe(first);
    expect(volumeName("openclaw_data", "afw-1735689600000-0123456789abcdee")).not.toBe(first);
  });

  it.each(["", "  ", "Data Volume!", "x".repeat(80), "__", "-a-", "prefix_that_ends_in_underscore_"])(
    "is a legal name for the prefix %j",
    (prefix) => {
      expect(volumeName(prefix, "afw-1735689600000-0123456789abcdef")).toMatch(
        /^(?=.{1,30}$)[a-z0-9][a-z0-9_]*_[a-z0-9]{1,8}$/,
      );
    },
  );
});
