import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { keepsDisk, type DiskMemory } from "./keepVolume.js";
import { hexOfSha256 } from "./sha256.js";

describe("hexOfSha256", () => {
  const digest = createHash("sha256").update("memory").digest();
  const hex = digest.toString("hex");
  it.each([hex, hex.toUpperCase(), digest.toString("base64"), digest.toString("base64").replace("=", "")])(
    "reads %s",
    (text) => {
      expect(hexOfSha256(text)).toBe(hex);
    },
  );
  it.each(["", "x", hex.slice(1), `${hex}0`, "*".repeat(44), "-".repeat(43), "A".repeat(45)])(
    "refuses '%s'",
    (text) => {
      expect(hexOfSha256(text)).toBeNull();
    },
  );
});

describe("keepsDisk", () => {
  const disk: DiskMemory = { conversationId: "c1", generation: 2, snapshotId: "s2" };
  it.each([
    ["no snapshot at all", null, true],
    ["the snapshot it started from, although of an earlier owner", { snapshotId: "s2", generation: 1 }, true],
    ["a snapshot of its own ownership whose answer was lost", { snapshotId: "s3", generation: 2 }, true],
    ["an earlier owner's snapshot", { snapshotId: "s1", generation: 1 }, true],
    ["a later owner's snapshot", { snapshotId: "s4", generation: 3 }, false],
    ["a later owner's snapshot that it was restored from", { snapshotId: "s2", generation: 3 }, true],
  ])("against %s", (_, newest, kept) => {
    expect(keepsDisk(disk, "c1", newest)).toBe(kept);
  });
  it("never keeps another conversation's", () => {
    expect(keepsDisk(disk, "c2", null)).toBe(false);
  });
});
