import { describe, expect, it } from "vitest";
import { isSaved, type MemoryFacts } from "./saved.js";

const facts: MemoryFacts = { holds: 3, inherited: false, lastUse: 1_000, snapshot: null };
const newer = { generation: 3, createdAt: 1_000 };

describe("a volume counts as saved", () => {
  it.each<[string, Partial<MemoryFacts>, boolean]>([
    ["never worked on", { lastUse: "never" }, true],
    ["worked on, and saved afterwards", { snapshot: newer }, true],
    ["worked on, and saved before", { snapshot: { generation: 3, createdAt: 999 } }, false],
    ["worked on, and never saved", {}, false],
    ["worked on, and saved by another owner later", { snapshot: { generation: 4, createdAt: 9_000 } }, false],
    ["given up by its worker, which saved and emptied it", { holds: "none" }, true],
    ["of a worker that nobody remembers", { holds: "unknown", lastUse: "never" }, false],
    ["whose use nobody remembers", { lastUse: "unknown" }, false],
    [
      "whose use nobody remembers, with a snapshot of some time",
      { lastUse: "unknown", snapshot: newer },
      false,
    ],
    ["taken over unsaved, and never worked on", { inherited: true, lastUse: "never" }, false],
    ["taken over unsaved, saved without work", { inherited: true, lastUse: "never", snapshot: newer }, true],
    ["taken over unsaved, worked on and saved", { inherited: true, snapshot: newer }, true],
  ])("when it was %s: %s %s", (_name, fields, saved) => {
    expect(isSaved({ ...facts, ...fields })).toBe(saved);
  });
});
