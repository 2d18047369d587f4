import { describe, expect, it } from "vitest";
import { scopeFaults } from "./scope.js";
import { lanesFault } from "./systemLanes.js";

describe("scopeFaults", () => {
  it("finds nothing in a sound scope", () => {
    expect(scopeFaults({ tags: ["default"], workspace: "acme", group: "blue", maxWorkers: 3 })).toEqual([]);
    expect(scopeFaults({ tags: ["default"], workerId: "w1", withAlias: true })).toEqual([]);
  });
  it("names all faults at once", () => {
    const faults = scopeFaults({
      workspace: " ",
      tags: [...Array.from({ length: 17 }, (_, i) => `lane${i}`), "a b"],
      group: "x".repeat(201),
      maxWorkers: 0,
      withAlias: true,
    });
    expect(faults.map(({ argument }) => argument)).toEqual([
      "workspace",
      "group",
      "tags",
      "tags",
      "maxWorkers",
      "withAlias",
    ]);
  });
  it("refuses several workers for a token that is bound to one", () => {
    expect(scopeFaults({ tags: ["default"], workerId: "w1", maxWorkers: 2 })).toHaveLength(1);
  });
});

describe("lanesFault", () => {
  it.each<[string[], { trusted?: boolean; workspace?: string }, boolean]>([
    [["default", "systems"], {}, true],
    [["system"], {}, false],
    [["system:acme"], { workspace: "acme" }, false],
    [["default", "system"], { trusted: true }, true],
    [["system", "system:acme", "system:other"], { trusted: true }, true],
    [["system:acme"], { trusted: true, workspace: "acme" }, true],
    [["system"], { trusted: true, workspace: "acme" }, false],
    [["system:other"], { trusted: true, workspace: "acme" }, false],
  ])("%j for %j: allowed %s", (tags, holder, allowed) => {
    expect(lanesFault(tags, holder) === null).toBe(allowed);
  });
});
