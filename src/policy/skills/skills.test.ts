import { describe, expect, it } from "vitest";
import { assembleBundle, MAX_FILES, skillDoc, skillMarker, sourceOf } from "./bundle.js";
import { contentHash, filesHash, manifestVersion } from "./hash.js";
import { sha256Hex } from "../text/sha256.js";
import { isSemanticVersion, isSkillSlug, normalizeSlug } from "./identity.js";
import { skillPathFault, skillPathsFault } from "./paths.js";

const source = "export default async () => 'done';";

describe("names", () => {
  it.each(["ab", "a1", "0-x", "a_b-c", `a${"b".repeat(127)}`])("takes the slug %s", (slug) => {
    expect(isSkillSlug(slug)).toBe(true);
  });
  it.each(["", "a", "-a", "_a", "A1", "a b", "a/b", "..", "a.b", `a${"b".repeat(128)}`, "ab\n"])(
    "refuses the slug %j",
    (slug) => expect(isSkillSlug(slug)).toBe(false),
  );
  it("trims and lowers what people type", () => {
    expect(normalizeSlug("  Weather-Report ")).toBe("weather-report");
  });
  it.each([
    "0.0.0",
    "1.2.3",
    "10.20.30",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-0.3.7",
    "1.0.0+001",
    "1.0.0-x-y.z+b.1",
  ])("takes the version %s", (version) => expect(isSemanticVersion(version)).toBe(true));
  it.each([
    "",
    "1",
    "1.2",
    "01.2.3",
    "1.2.3.4",
    "v1.2.3",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3+",
    "1.2.3-a..b",
    "1.2.3+a+b",
    "1.2.x",
    " 1.2.3",
  ])("refuses the version %j", (version) => expect(isSemanticVersion(version)).toBe(false));
});

describe("paths", () => {
  it.each([
    "SKILL.md",
    "scripts/index.mjs",
    ".af-global-skill.json",
    "a/b/c.d/e_f-g",
    "con-text.md",
    ".hidden/x",
  ])("takes %s", (path) => expect(skillPathFault(path)).toBeNull());
  it.each([
    "",
    "/etc/passwd",
    "../x",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "\\x",
    "a\\..\\b",
    "C:/x",
    "a:b",
    "a\0b",
    "a\nb",
    "a b",
    "...",
    "a/.../b",
    "name.",
    "ｅvil",
    "re\u0301sum\u00e9",
    "con",
    "aux.txt",
    "a/NUL",
    "lpt1.md",
    "x".repeat(201),
    "a/b/c/d/e/f/g/h/i",
  ])("refuses %j", (path) => expect(skillPathFault(path)).not.toBeNull());
  it("refuses what would be one file on some systems, and a file in a directory's place", () => {
    expect(skillPathsFault(["a.md", "A.MD"])).toContain("twice");
    expect(skillPathsFault(["a/b", "A"])).toContain("directory");
    expect(skillPathsFault(["a", "b/c", "b/d"])).toBeNull();
  });
});

describe("a bundle", () => {
  const build = (files: { path: string; content: string }[], sourceJs: string | undefined = source) =>
    assembleBundle(sourceJs, files, "esm");

  it("is the trimmed script with one newline, and the files beside it, by path", () => {
    const bundle = assembleBundle(`\n ${source} \n\n`, [{ path: "a.md", content: "x\n\n" }], "cjs");
    expect(bundle).toMatchObject({
      ok: true,
      source,
      files: [
        { path: "a.md", content: "x\n\n" },
        { path: "scripts/index.cjs", content: `${source}\n` },
      ],
      sizeBytes: source.length + 4,
    });
    expect(sourceOf(`${source}\n`)).toBe(source);
  });
  it("takes the script from the files", () => {
    const bundle = assembleBundle(undefined, [{ path: "scripts/index.mjs", content: source }], "esm");
    expect(bundle).toMatchObject({
      ok: true,
      files: [{ path: "scripts/index.mjs", content: `${source}\n` }],
    });
  });
  it("keeps 1.0.11's bounds of a source", () => {
    expect(build([], "   x              ")).toMatchObject({ message: "Skill source is too short." });
    expect(build([], "x".repeat(200_001))).toMatchObject({ message: "Skill source too large (max 200KB)." });
    expect(build([], "x".repeat(200_000))).toMatchObject({ ok: true });
    expect(assembleBundle(undefined, [], "esm")).toMatchObject({ message: "Skill source is too short." });
  });
  it("needs no script when it has its own words", () => {
    const files = ["SKILL.md", "references/spec.md", "scripts/status.sh"].map((path) => ({
      path,
      content: path,
    }));
    expect(assembleBundle(undefined, files, "esm")).toEqual({ ok: true, source: "", files, sizeBytes: 43 });
    // What is given as the script is one, and words that nobody wrote are none.
    expect(assembleBundle("", files, "esm")).toMatchObject({ message: "Skill source is too short." });
    expect(assembleBundle(undefined, files.slice(1), "esm")).toMatchObject({ fault: "source_short" });
    expect(sourceOf("")).toBe("");
  });
  it("refuses escapes, reserved names, doubles and too much", () => {
    const message = (files: { path: string; content: string }[]) => {
      const bundle = build(files);
      return bundle.ok ? "" : bundle.message;
    };
    expect(message([{ path: "../x", content: "" }])).toContain("dots only");
    expect(message([{ path: ".AF-global-skill.json", content: "" }])).toContain("reserved");
    expect(message([{ path: "skill.md", content: "" }])).toContain("reserved");
    expect(message([{ path: "scripts/index.mjs", content: source }])).toContain("given twice");
    expect(message([{ path: "SCRIPTS/index.mjs", content: source }])).toContain("twice");
    expect(message([{ path: "big", content: "x".repeat(200_001) }])).toContain("too large");
    const many = Array.from({ length: MAX_FILES }, (_, i) => ({ path: `f${i}`, content: "" }));
    expect(message(many)).toContain("at most 64");
    const wide = Array.from({ length: 6 }, (_, i) => ({ path: `f${i}`, content: "é".repeat(100_000) }));
    expect(message(wide)).toContain("bytes");
  });
});

describe("generated files", () => {
  it("cannot break out of the front matter, and are the same for the same row", () => {
    const skill = { slug: "weather", displayName: "We\nather", description: 'It "rains"\n---\nevil: yes' };
    const doc = skillDoc(skill);
    expect(doc.split("\n").slice(0, 4)).toEqual([
      "---",
      "name: weather",
      'description: "It \\"rains\\" --- evil: yes"',
      "---",
    ]);
    expect(doc).toBe(skillDoc(skill));
    const version = {
      slug: "weather",
      version: "1.0.0",
      sha256: "ab",
      entryPoint: "default",
      moduleFormat: "esm" as const,
      createdAt: 5,
    };
    expect(JSON.parse(skillMarker(version))).toEqual({
      slug: "weather",
      version: "1.0.0",
      sha256: "ab",
      managedBy: "agent-factory",
      entryPoint: "default",
      moduleFormat: "esm",
      generatedAt: 5,
    });
  });
});

describe("hashes", () => {
  it("are 1.0.11's where it had one", async () => {
    // printf empty | sha256sum; printf 'a@1.0.0:x|b@2.0.0:y' | sha256sum
    expect(await manifestVersion([])).toBe(
      "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d",
    );
    expect(
      await manifestVersion([
        { slug: "a", version: "1.0.0", sha256: "x" },
        { slug: "b", version: "2.0.0", sha256: "y" },
      ]),
    ).toBe(await sha256Hex("a@1.0.0:x|b@2.0.0:y"));
  });
  it("depend on every path and content and on no order", async () => {
    const files = [
      { path: "a", sha256: "1" },
      { path: "b", sha256: "2" },
    ];
    const skill = { slug: "s", version: "1.0.0", skillDirName: "s", files };
    const swapped = { ...skill, files: [...files].reverse() };
    expect(await contentHash([swapped])).toBe(await contentHash([skill]));
    expect(
      await filesHash([
        { path: "a", sha256: "2" },
        { path: "b", sha256: "1" },
      ]),
    ).not.toBe(await filesHash(files));
    expect(await contentHash([{ ...skill, skillDirName: "t" }])).not.toBe(await contentHash([skill]));
    expect(await contentHash([])).not.toBe(await contentHash([skill]));
  });
});
