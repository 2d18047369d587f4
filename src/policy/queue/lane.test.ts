import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { isLane, isSystemLane, resolveLane, tagFault } from "./lane.js";
import { missingLane, type LaneServer } from "./servable.js";

describe("resolveLane", () => {
  it.each<[string, Record<string, string>, string]>([
    ["default", {}, "default"],
    ["gpu-$workspace", {}, "gpu-acme"],
    ["job-$args[kind]", { kind: "video" }, "job-video"],
    ["$args[a].$args[b]-$workspace", { a: "x", b: "y" }, "x.y-acme"],
    ["$args[kind]", { kind: "$workspace", other: "" }, ""],
    ["system", {}, "system"],
    ["system:$workspace", {}, "system:acme"],
    ["system:acme", {}, "system:acme"],
    ["systems", {}, "systems"],
  ])("%s with %j", (tag, metadata, lane) => {
    const resolved = resolveLane(tag, "acme", metadata);
    // A value is taken as it is: `$workspace` in metadata is text, and no lane.
    if (lane === "") expect(resolved).toHaveProperty("fault");
    else expect(resolved).toEqual({ lane });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["job-$args[kind]", {}, /needs the metadata 'kind'/],
    ["job-$args[kind]", { kind: "" }, /needs the metadata 'kind'/],
    ["$args[a]-$args[b]", {}, /'a', 'b'/],
    ["job-$args[constructor]", {}, /'constructor'/],
    ["job-$args[__proto__]", {}, /'__proto__'/],
    ["job-$args[kind]", { kind: "a b" }, /legal lane/],
    ["job-$args[kind]", { kind: "x".repeat(100) }, /legal lane/],
    ["with space", {}, /legal lane/],
    ["", {}, /legal lane/],
    ["$args[lane]", { lane: "system" }, /system lane/],
    ["system:$args[ws]", { ws: "acme" }, /system lane/],
    ["system:$args[ws]", { ws: "other" }, /system lane/],
    ["system:other", {}, /system lane/],
    ["sys$args[x]", { x: "tem" }, /system lane/],
  ])("refuses %s with %j", (tag, metadata, fault) => {
    expect(resolveLane(tag, "acme", metadata)).toEqual({ fault: expect.stringMatching(fault) as string });
  });

  it("whatever a message says about itself, it reaches no system lane and no illegal one", () => {
    const tag = fc.constantFrom(
      "$args[a]",
      "x$args[a]",
      "system:$args[a]",
      "sys$args[a]",
      "$args[a]:$args[b]",
    );
    const text = fc.oneof(fc.string(), fc.constantFrom("system", "tem", "acme", "system:acme", ":acme"));
    fc.assert(
      fc.property(tag, text, text, (template, a, b) => {
        const resolved = resolveLane(template, "acme", { a, b });
        if ("lane" in resolved) {
          expect(isSystemLane(resolved.lane)).toBe(false);
          expect(isLane(resolved.lane)).toBe(true);
        }
      }),
    );
  });
});

describe("tagFault", () => {
  it("accepts lanes and templates, and says what is wrong with the rest", () => {
    for (const tag of ["a", "tag-$workspace", "tag-$args[x y]", "system:$workspace", "x".repeat(100)])
      expect(tagFault(tag)).toBeNull();
    for (const tag of ["", "a b", "tag-$other", "tag-$args[", "x".repeat(101)])
      expect(tagFault(tag)).toMatch(/is not a lane/);
    expect(tagFault("tag-$args[]")).toMatch(/without a name/);
  });
});

describe("missingLane", () => {
  const worker = (fields: Partial<LaneServer> = {}): LaneServer => ({
    lanes: ["gpu"],
    workspace: null,
    active: true,
    ...fields,
  });
  const waiting = { lane: "gpu", workspace: "acme" };

  it("is null as soon as one active worker lists the lane and serves the workspace", () => {
    expect(missingLane(waiting, [worker({ active: false }), worker({ workspace: "acme" })])).toBeNull();
    expect(missingLane(waiting, [worker()])).toBeNull();
  });
  it.each<[string, LaneServer[]]>([
    ["unlisted", []],
    ["unlisted", [worker({ lanes: ["default"] })]],
    ["other_workspace", [worker({ workspace: "other" })]],
    ["inactive", [worker({ workspace: "other" }), worker({ active: false })]],
  ])("says %s", (reason, workers) => {
    const missing = missingLane(waiting, workers);
    expect(missing).toMatchObject({ ...waiting, reason });
    expect(missing?.message).toContain("'gpu'");
  });
  it("asks for a trusted worker on a system lane", () => {
    expect(missingLane({ lane: "system:acme", workspace: "acme" }, [])?.message).toContain("trusted worker");
  });
});
