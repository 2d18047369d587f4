/** The texts of the product's source, to check that a page quotes what exists. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = (name: string): string => fileURLToPath(new URL(`../../${name}/`, import.meta.url));

const isSource = (name: string): boolean =>
  name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("_generated");

/** By path from the root; a text that the source breaks over lines is whole here. */
export const sources: ReadonlyMap<string, string> = new Map(
  ["src", "worker/src"].flatMap((root) =>
    readdirSync(folder(root), { recursive: true, encoding: "utf8" })
      .filter(isSource)
      .map((name): [string, string] => [
        path.posix.join(root, ...name.split(path.sep)),
        readFileSync(path.join(folder(root), name), "utf8").replace(/["`]\s*\+\s*["`]/g, ""),
      ]),
  ),
);

const inOrder = (text: string, parts: readonly string[]): boolean => {
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
};

/** Whether a quoted text stands in one file of the source; `…` is whatever differs from case to case. */
export function isInSource(quoted: string): boolean {
  const parts = quoted.split("…").filter((part) => part.trim() !== "");
  return [...sources.values()].some((text) => inOrder(text, parts));
}
