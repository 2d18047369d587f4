import { expect, it } from "vitest";
import { neededNode, newestOf, peerRange } from "./versions.js";

const withRange = (convex: string) => JSON.stringify({ peerDependencies: { convex } });

it("the lowest version is what the peer range begins with", () => {
  expect(peerRange(withRange("^1.43.0"))).toEqual({ range: "^1.43.0", lowest: "1.43.0" });
});

it.each([">=1.43.0", "^1.43", "1.x", "^1.43.0 || ^2.0.0"])("the peer range %s is refused", (range) => {
  expect(() => peerRange(withRange(range))).toThrow("write it as ^1.2.3");
});

it("the newest version is the highest release, whatever the order", () => {
  expect(newestOf('["1.9.0","1.10.2","1.10.11","1.11.0-alpha.1"]')).toBe("1.10.11");
  expect(newestOf('"1.43.0"')).toBe("1.43.0");
  expect(() => newestOf('["2.0.0-alpha.1"]')).toThrow("no release");
});

it("the Node that a version needs is the major of its lowest", () => {
  expect(neededNode('">=22.0.0"')).toBe(22);
  expect(() => neededNode('"^20 || >=22"')).toThrow("^20 || >=22");
});
