/** What the Dockerfile promises, read off its text; `imageSteps.test.ts` runs its steps. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { envSchema } from "../../worker/src/env.js";
import { copyOf, envOf, execForm, readDockerfile, valuesOf } from "./dockerfile.js";

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const stages = readDockerfile(read("deploy/Dockerfile"));
const final = stages.at(-1)!;

describe("the image", () => {
  it("begins with one exact version of Node.js that the package supports, in both stages", () => {
    for (const { base } of stages) expect(base).toMatch(/^node:(2[0-9])\.\d+\.\d+-bookworm-slim$/);
    expect(new Set(stages.map(({ base }) => base)).size).toBe(1);
  });

  it("runs as a user that is not root, from the last build step on", () => {
    const [user = ""] = valuesOf(final, "USER");
    expect(Number(user.split(":")[0])).toBeGreaterThan(0);
    const keywords = final.instructions.map(({ keyword }) => keyword);
    expect(keywords.indexOf("USER")).toBeGreaterThan(keywords.lastIndexOf("RUN"));
    const data = final.instructions.find(
      ({ keyword, value }) => keyword === "COPY" && value.endsWith(" /data"),
    );
    // The user's own, and writable for group 0, which a user of the orchestrator's choice has.
    expect(data?.value).toContain(`--chown=${user?.split(":")[0]}:0`);
    expect(valuesOf(final, "VOLUME")).toEqual(["/data"]);
  });

  it("installs in a stage that is thrown away, from the lock file, and keeps no installer", () => {
    const [install] = stages;
    expect(valuesOf(install!, "RUN").join("\n")).toMatch(
      /npm ci --workspace worker --include=dev --ignore-scripts/,
    );
    const [removed = ""] = valuesOf(final, "RUN");
    expect(valuesOf(final, "RUN")).toHaveLength(1);
    expect(removed).toMatch(/^rm -rf \/usr\/local\/lib\/node_modules /);
    for (const tool of ["npm", "npx", "corepack", "yarn", "yarnpkg"])
      expect(removed).toContain(`/usr/local/bin/${tool} `.trimEnd());
    for (const value of stages.flatMap((stage) => valuesOf(stage, "RUN")))
      expect(value).not.toMatch(/\b(apt|apt-get|curl|wget|gcc|make|python)\b/);
  });

  it("has the worker's optional packages and no tool: they are all that --include=dev means there", () => {
    const { peerDependencies, devDependencies } = z
      .object({
        peerDependencies: z.record(z.string(), z.string()),
        devDependencies: z.record(z.string(), z.string()),
      })
      .parse(JSON.parse(read("worker/package.json")));
    expect(Object.keys(peerDependencies)).toContain("pg");
    expect(Object.keys(devDependencies).sort()).toEqual(Object.keys(peerDependencies).sort());
  });

  it("is stopped and asked for its health as the worker expects", () => {
    expect(valuesOf(final, "STOPSIGNAL")).toEqual(["SIGTERM"]);
    const [check = ""] = valuesOf(final, "HEALTHCHECK");
    expect(check).toContain("/healthz");
    expect(execForm(check.slice(check.indexOf("CMD ") + 4))[0]).toBe("node");
    expect(execForm(valuesOf(final, "ENTRYPOINT")[0] ?? "")).toEqual([
      "node",
      "/app/worker/dist/worker/src/bin.js",
    ]);
    expect(valuesOf(final, "EXPOSE")).toEqual([String(envSchema.shape.HEALTH_PORT.parse(undefined))]);
  });

  it("sets variables that the worker has, and no credential", () => {
    const names = Object.keys(envOf(final, {})).filter((name) => name !== "NODE_ENV" && name !== "PATH");
    expect(names.filter((name) => !(name in envSchema.shape))).toEqual([]);
    expect(names).not.toContain("AGENT_TOKEN");
  });

  it("sends the builder what it copies and nothing else", () => {
    const copied = stages
      .flatMap((stage) => valuesOf(stage, "COPY"))
      .map(copyOf)
      .filter(({ fromStage }) => fromStage === undefined);
    const lines = read("deploy/Dockerfile.dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines).toEqual(["*", ...copied.map(({ source }) => `!${source}`)]);
  });
});
