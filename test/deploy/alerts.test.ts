/** The documented alerts are the shipped rules, are about series that exist before their first event, and fire with it. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { createMetrics, plainText } from "../../worker/src/metrics.js";

const folder = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url));
const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  annotations: z.strictObject({ summary: z.string() }),
});
const { groups } = z
  .strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })) })
  .parse(parse(readFileSync(`${folder}worker.rules.yaml`, "utf8")));
const rules = groups.flatMap((group) => group.rules);
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

const plainMetrics = async (): Promise<string> => plainText(await createMetrics().registry.metrics());

describe("the alerts", () => {
  it("are those of the documentation", () => {
    const page = readFileSync(new URL("../../docs/worker/metrics.md", import.meta.url), "utf8");
    const [, list = ""] = page.split("Worth an alert");
    const documented = [...list.matchAll(/^- `([^`]+)`/gm)].map(([, expr]) => expr);
    expect(documented.length).toBeGreaterThan(5);
    expect(rules.map(({ expr }) => expr)).toEqual(documented);
  });

  it("are about series that exist before anything has happened, counters at zero", async () => {
    const text = await plainMetrics();
    for (const { expr } of rules) {
      const [, name = "", , label] = /(agent_factory_worker_\w+)(\{(\w+="\w+")\})?/.exec(expr) ?? [];
      const lines = text.split("\n").filter((line) => line.startsWith(name) && line.includes(label ?? ""));
      expect(lines.length, expr).toBeGreaterThan(0);
      if (name.endsWith("_total"))
        expect(
          lines.every((line) => line.endsWith(" 0")),
          expr,
        ).toBe(true);
    }
  });

  it.skipIf(!hasPromtool)(
    hasPromtool
      ? "fire with the first event and not before, says promtool"
      : "were not run: promtool (Debian's package prometheus) is not installed",
    () => {
      const tested = execFileSync("promtool", ["test", "rules", "worker.rules.test.yaml"], { cwd: folder });
      expect(tested.toString()).toContain("SUCCESS");
    },
  );
  it.skipIf(!hasPromtool)("what the worker serves as plain text is well-formed", async () => {
    const input = await plainMetrics();
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input });
    // 3: opinions about names and units.
    expect([0, 3], stderr.toString()).toContain(status);
  });
});
