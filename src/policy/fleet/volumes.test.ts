import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { keptBecause, type DeleteReason, type VolumeEvidence } from "./volumes.js";

const free: VolumeEvidence = { inUse: false, quarantined: false, ours: true, saved: true };
const REASONS: readonly DeleteReason[] = ["saved", "orphan", "expired", "asked", "forced"];

describe("a volume", () => {
  it.each<[DeleteReason, Partial<VolumeEvidence>, string | null]>([
    ["saved", {}, null],
    ["saved", { saved: false }, "unsaved"],
    ["saved", { quarantined: true }, null],
    ["orphan", {}, null],
    ["orphan", { ours: false }, "foreign"],
    ["orphan", { ours: null }, "foreign"],
    ["orphan", { quarantined: true }, "quarantine"],
    ["expired", { quarantined: true, saved: false }, null],
    ["expired", {}, "foreign"],
    ["asked", { ours: null }, null],
    ["asked", { quarantined: true }, "quarantine"],
    ["forced", { quarantined: true, ours: null, saved: false }, null],
  ])("that shall go because %s, with %j, stays because %s", (reason, evidence, kept) => {
    expect(keptBecause({ ...free, ...evidence }, reason)).toBe(kept);
  });

  const evidence = fc.record({
    inUse: fc.boolean(),
    quarantined: fc.boolean(),
    ours: fc.constantFrom(true, false, null),
    saved: fc.boolean(),
  });

  it("of a machine never goes, whatever the reason", () => {
    fc.assert(
      fc.property(evidence, fc.constantFrom(...REASONS), (known, reason) => {
        expect(keptBecause({ ...known, inUse: true }, reason)).toBe("machine");
      }),
    );
  });

  it("with unsaved memory goes only by force, or when its time is over", () => {
    fc.assert(
      fc.property(evidence, fc.constantFrom(...REASONS), (known, reason) => {
        const kept = keptBecause({ ...known, inUse: false, quarantined: true, saved: false }, reason);
        if (kept === null) expect(["forced", "expired"]).toContain(reason);
      }),
    );
  });
});
