import { expect, it } from "vitest";
import { packedFileProblems } from "./packedFiles.js";

const packageJson = {
  name: "p",
  version: "1.0.0",
  files: ["dist", "!src/**/*.test.ts", "CHANGELOG.md"],
  bin: { "p-worker": "./dist/bin.js" },
  exports: { "./test": "./src/test.ts", ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
};
const complete = [
  ...["package.json", "README.md", "LICENSE", "CHANGELOG.md"],
  ...["dist/bin.js", "src/test.ts", "dist/index.d.ts", "dist/index.js"],
];

it("accepts a complete package", () => {
  expect(packedFileProblems(packageJson, complete)).toEqual([]);
});

it.each(complete)("reports a missing %s", (file) => {
  const problems = packedFileProblems(
    packageJson,
    complete.filter((other) => other !== file),
  );
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${file} is missing`);
});

it.each(["src/queue/claim.test.ts", "src/x.testing.ts", ".env.local"])("reports a packed %s", (file) => {
  expect(packedFileProblems(packageJson, [...complete, file])).toEqual([`${file} must not be packed`]);
});
