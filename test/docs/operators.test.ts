/** What the operators' pages name exists, and their tables are complete. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exposeOperatorApi } from "../../src/client/exposeApi.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { vReason } from "../../src/contract/ops.js";
import { defaultPolicies } from "../../src/contract/policies.js";
import type { DrainReason } from "../../src/policy/fleet/types.js";
import { DEPLOYMENT_TAG, WORKER_TAG } from "../../src/core/fleet/listing.js";

const folder = new URL("../../docs/operators/", import.meta.url);
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const operator = Object.keys(exposeOperatorApi({ lib: {} } as unknown as ComponentApi));

const valueOf = (path: string): unknown => {
  const [group = "", field = ""] = path.split(".");
  const fields: Record<string, unknown> | undefined = Object.entries(defaultPolicies).find(
    ([name]) => name === group,
  )?.[1];
  return fields?.[field];
};

describe("the operators' pages", () => {
  it("are there", () => {
    expect(pages).toEqual(expect.arrayContaining(["fleet.md", "image.md", "isolation.md", "upgrade.md"]));
  });

  it.each(pages)("%s names commands and policies that exist, and links to pages that do", (page) => {
    const text = read(page);
    const commands = [...text.matchAll(/operator:(\w+)/g)].map(([, name]) => name);
    expect(commands.filter((name) => name === undefined || !operator.includes(name))).toEqual([]);
    const groups = Object.keys(defaultPolicies).join("|");
    const policies = [...text.matchAll(new RegExp(`\`((?:${groups})\\.\\w+)\``, "g"))].map(
      ([, path]) => path ?? "",
    );
    expect(policies.filter((path) => valueOf(path) === undefined)).toEqual([]);
    for (const [, link] of text.matchAll(/\]\(([^)#:]+)\)/g))
      expect(existsSync(new URL(link ?? "", folder)), link).toBe(true);
  });

  it("give every policy of the fleet with its default", () => {
    const rows = new Map(
      [...read("fleet.md").matchAll(/^\| `([\w.]+)` +\| ([^|]+?) +\|/gm)].map(([, path, value]) => [
        path,
        value,
      ]),
    );
    for (const group of ["scaling", "fleet"] as const) {
      for (const [field, value] of Object.entries(defaultPolicies[group])) {
        const shown = rows.get(`${group}.${field}`)?.replaceAll("`", "");
        expect(shown, `${group}.${field}`).toBe(Array.isArray(value) ? value.join(", ") : String(value));
      }
    }
    for (const field of ["everyTurns", "keep", "maxBytes"] as const)
      expect(rows.get(`snapshots.${field}`)).toBe(String(defaultPolicies.snapshots[field]));
  });

  it("explain every reason why a message waits, and every reason to drain", () => {
    const text = read("fleet.md");
    for (const { value } of vReason.members) expect(text).toContain(`| \`${value}\``);
    const drains: Record<Exclude<DrainReason, "unbound" | "removed">, true> = {
      idle: true,
      others_wait: true,
      budget: true,
      max_age: true,
      image_drift: true,
      over_cap: true,
      silent: true,
      lease_lost: true,
    };
    for (const reason of Object.keys(drains)) expect(text).toContain(`\`${reason}\``);
  });

  it("name the tags that keep deployments apart", () => {
    for (const tag of [DEPLOYMENT_TAG, WORKER_TAG]) expect(read("isolation.md")).toContain(`\`${tag}\``);
  });
});
