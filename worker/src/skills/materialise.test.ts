import { chmodSync, existsSync, lstatSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asOrdinaryUser } from "../../../test/worker/ordinaryUser.js";
import { LAYOUT_VERSION, MARKER_PATH, skillMarker } from "../../../src/policy/skills/bundle.js";
import { contentHash } from "../../../src/policy/skills/hash.js";
import { sha256Hex } from "../../../src/policy/text/sha256.js";
import { systemClock } from "../clock.js";
import { TransportError } from "../transport/transport.js";
import { materialiseSkills } from "./materialise.js";
import type { IndexSkill, SkillsIndex, SkillsTransport } from "./skillsTransport.js";

let root: string;
let dir: string;
let server: FakeServer;
const at = (...parts: string[]) => path.join(dir, ...parts);
const text = (...parts: string[]) => readFile(at(...parts), "utf8");

/** Answers as the component does, and remembers what was asked. */
class FakeServer implements SkillsTransport {
  skills: IndexSkill[] = [];
  contents = new Map<string, string>();
  asked: string[] = [];
  change: (index: SkillsIndex) => SkillsIndex = (index) => index;
  fail: () => void = () => undefined;

  async approve(slug: string, files: Record<string, string>, version = "1.0.0") {
    const form = { entryPoint: "default", moduleFormat: "esm" as const };
    const marker = { slug, version, sha256: "", createdAt: 1, ...form };
    const all = { "SKILL.md": `# ${slug}`, "scripts/index.mjs": `// ${slug}\n`, ...files };
    const listed: IndexSkill["files"] = [];
    for (const [name, content] of Object.entries(all)) {
      const sha256 = await sha256Hex(content);
      this.contents.set(sha256, content);
      listed.push({ path: name, sha256 });
    }
    const content = skillMarker(marker);
    listed.push({ path: MARKER_PATH, sha256: await sha256Hex(content), content });
    this.skills = this.skills.filter((skill) => skill.slug !== slug);
    this.skills.push({ slug, version, skillDirName: slug, files: listed });
  }
  async skillsIndex({ ifNoneMatch }: { ifNoneMatch?: string }): Promise<SkillsIndex> {
    this.asked.push("index");
    this.fail();
    const hash = await contentHash(this.skills);
    const unchanged = ifNoneMatch === hash;
    return this.change({
      layoutVersion: LAYOUT_VERSION,
      manifestVersion: "m",
      contentHash: hash,
      unchanged,
      skills: unchanged ? [] : structuredClone(this.skills),
    });
  }
  async skillsFiles(hashes: string[]) {
    this.asked.push(`files:${hashes.length}`);
    const files = hashes.flatMap((sha256) => {
      const content = this.contents.get(sha256);
      return content === undefined ? [] : [{ sha256, content }];
    });
    return { files, remaining: [] };
  }
}

const run = (env: { required?: boolean; timeoutMs?: number; signal?: AbortSignal; mode?: "off" } = {}) =>
  materialiseSkills({
    transport: server,
    env: {
      OPENCLAW_SKILLS_DIR: dir,
      SKILLS_BOOTSTRAP_MODE: env.mode ?? "db_manifest",
      SKILLS_BOOTSTRAP_REQUIRED: env.required ?? true,
      SKILLS_BOOTSTRAP_TIMEOUT_MS: env.timeoutMs ?? 5_000,
      SKILLS_RELEASE_CHANNEL: "stable",
    },
    clock: { ...systemClock, sleep: () => systemClock.sleep(1) },
    logger: pino({ level: "silent" }),
    signal: env.signal ?? new AbortController().signal,
  });

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "skills-"));
  dir = path.join(root, "workspace", "skills");
  server = new FakeServer();
  await server.approve("weather", { "docs/rain.md": "rain" });
  await server.approve("maths", {});
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("skills on the disk", () => {
  it("are written as approved, and cost one question when nothing changed", async () => {
    expect(await run()).toMatchObject({
      written: ["weather", "maths"],
      removed: [],
      refused: [],
      unchanged: 0,
    });
    expect(await text("weather", "docs", "rain.md")).toBe("rain");
    expect(await text("maths", "scripts", "index.mjs")).toBe("// maths\n");
    expect((await readdir(dir)).sort()).toEqual([".skills.lock.json", "maths", "weather"]);
    expect(server.asked).toEqual(["index", "files:5"]);

    server.asked = [];
    const before = lstatSync(at("weather")).ino;
    expect(await run()).toMatchObject({ written: [], unchanged: 2 });
    expect(server.asked).toEqual(["index"]);
    expect(lstatSync(at("weather")).ino).toBe(before);
  });

  it("fetch only contents that are not there", async () => {
    await run();
    await server.approve("weather", { "docs/rain.md": "rain", "docs/snow.md": "snow" }, "1.1.0");
    server.asked = [];
    expect(await run()).toMatchObject({ written: ["weather"], unchanged: 1 });
    expect(server.asked).toEqual(["index", "files:1"]);
    expect(await text("weather", "docs", "rain.md")).toBe("rain");
    expect(await text("weather", "docs", "snow.md")).toBe("snow");
  });

  it("are mended when somebody changed, added or removed a file, or the lock", async () => {
    await run();
    await writeFile(at("weather", "docs", "rain.md"), "sun");
    expect(await run()).toMatchObject({ written: ["weather"], unchanged: 1 });
    expect(await text("weather", "docs", "rain.md")).toBe("rain");
    await writeFile(at("weather", "extra.mjs"), "evil");
    expect(await run()).toMatchObject({ written: ["weather"] });
    expect(existsSync(at("weather", "extra.mjs"))).toBe(false);
    await rm(at("maths", "SKILL.md"));
    expect(await run()).toMatchObject({ written: ["maths"] });
    await writeFile(at(".skills.lock.json"), "{");
    expect(await run()).toMatchObject({ written: [], unchanged: 2 });
    const lock = JSON.parse(await text(".skills.lock.json")) as { skills: { files: { sha256: string }[] }[] };
    await writeFile(at("weather", "docs", "rain.md"), "sun");
    for (const file of lock.skills[0]?.files ?? []) file.sha256 = await sha256Hex("sun");
    await writeFile(at(".skills.lock.json"), JSON.stringify(lock));
    expect(await run()).toMatchObject({ written: ["weather"] });
    expect(await text("weather", "docs", "rain.md")).toBe("rain");
  });

  it("go when they are not approved any more, and what is not ours stays", async () => {
    await run();
    await mkdir(at("own-skill"), { recursive: true });
    await writeFile(at("own-skill", "SKILL.md"), "mine");
    await writeFile(at("note.txt"), "mine");
    // As a restored archive brings it back: not in any lock.
    await mkdir(at("ancient"));
    await writeFile(at("ancient", MARKER_PATH), "damaged {");
    server.skills = server.skills.filter(({ slug }) => slug !== "maths");
    expect(await run()).toMatchObject({ removed: ["ancient", "maths"], unchanged: 1 });
    expect((await readdir(dir)).sort()).toEqual([".skills.lock.json", "note.txt", "own-skill", "weather"]);
    await mkdir(at("ancient"));
    await writeFile(at("ancient", MARKER_PATH), "{}");
    server.asked = [];
    expect(await run()).toMatchObject({ removed: ["ancient"] });
    expect(server.asked).toEqual(["index"]);
  });

  it("never replace what is someone else's, link or directory; the others are still written", async () => {
    const outside = path.join(root, "outside");
    await mkdir(outside);
    await writeFile(path.join(outside, MARKER_PATH), '{"managedBy":"agent-factory"}');
    await mkdir(dir, { recursive: true });
    await symlink(outside, at("weather"));
    await expect(run()).rejects.toMatchObject({
      code: "skills_refused",
      message: expect.stringContaining("weather"),
    });
    expect(await run({ required: false })).toMatchObject({ refused: ["weather"], unchanged: 1 });
    expect(await readdir(outside)).toEqual([MARKER_PATH]);
    await server.approve("gone", {});
    await symlink(outside, at("gone-link"));
    expect(await run({ required: false })).toMatchObject({ written: ["gone"], removed: [] });
    expect(lstatSync(at("gone-link")).isSymbolicLink()).toBe(true);
  });

  it("survive being killed while writing", async () => {
    await run();
    await mkdir(at(".skills-staging-abc", "new", "weather"), { recursive: true });
    await rm(at("weather"), { recursive: true });
    expect(await run()).toMatchObject({ written: ["weather"] });
    expect((await readdir(dir)).sort()).toEqual([".skills.lock.json", "maths", "weather"]);
  });
});

describe("by an ordinary user, skills", () => {
  asOrdinaryUser(() => root);
  it("that an agent shut are replaced and withdrawn; a script can be run, and one of words needs none", async () => {
    await server.approve("words", { "scripts/status.sh": "#!/bin/sh\necho fine\n" });
    for (const skill of server.skills.filter(({ slug }) => slug === "words"))
      skill.files = skill.files.filter(({ path }) => path !== "scripts/index.mjs");
    await run();
    expect(lstatSync(at("words/scripts/status.sh")).mode & 0o111).toBe(0o111);
    const shut = ["weather/docs", "weather", "maths/.af-global-skill.json", "maths/scripts", "maths", "."];
    for (const name of shut) chmodSync(at(name), name === "." ? 0o555 : 0);
    server.skills = server.skills.filter(({ slug }) => slug !== "maths");
    expect(await run()).toMatchObject({
      written: ["weather"],
      removed: ["maths"],
      refused: [],
      unchanged: 1,
    });
    expect((await readdir(dir)).sort()).toEqual([".skills.lock.json", "weather", "words"]);
  });
});

describe("a manifest is refused as a whole, and nothing on the disk changes, for", () => {
  const rename = (to: string) => (index: SkillsIndex) => {
    const file = index.skills[0]?.files.find(({ path }) => path === "docs/rain.md");
    if (file) file.path = to;
    return index;
  };
  const cases: [string, (index: SkillsIndex) => SkillsIndex][] = [
    ["a path that climbs", rename("../../escaped")],
    ["an absolute path", rename("/tmp/escaped")],
    ["a backslash", rename("..\\escaped")],
    ["a zero byte", rename("a\0b")],
    ["a path that differs in case alone", rename("SCRIPTS/INDEX.mjs")],
    ["a file in a directory's place", rename("scripts")],
    [
      "a missing SKILL.md",
      (index) => ({
        ...index,
        skills: index.skills.map((s) => ({
          ...s,
          files: s.files.filter(({ path }) => path !== "SKILL.md"),
        })),
      }),
    ],
    [
      "a directory name that climbs",
      (index) => ({ ...index, skills: index.skills.map((s) => ({ ...s, skillDirName: "../x" })) }),
    ],
    [
      "a directory twice",
      (index) => ({ ...index, skills: index.skills.map((s) => ({ ...s, skillDirName: "same" })) }),
    ],
    ["an unknown layout", (index) => ({ ...index, layoutVersion: "v2" })],
    ["a listing that was changed", (index) => ({ ...index, contentHash: "0".repeat(64) })],
    [
      "a bad checksum of a content in it",
      (index) => ({
        ...index,
        skills: index.skills.map((s) => ({
          ...s,
          files: s.files.map((f) => (f.content === undefined ? f : { ...f, content: "x" })),
        })),
      }),
    ],
  ];
  it.each(cases)("%s", async (_name, change) => {
    await run();
    await server.approve("late", {});
    const before = (await readdir(root, { recursive: true })).sort();
    server.change = change;
    await expect(run()).rejects.toMatchObject({
      code: expect.stringMatching(/skills_(manifest_invalid|checksum)/),
    });
    expect((await readdir(root, { recursive: true })).sort()).toEqual(before);
    expect(await run({ required: false })).toBeNull();
  });

  it("a bad checksum of a fetched file", async () => {
    for (const hash of server.contents.keys()) server.contents.set(hash, "tampered");
    await expect(run()).rejects.toMatchObject({ code: "skills_checksum" });
    expect(await readdir(dir)).toEqual([]);
  });
  it("a file that the component does not have", async () => {
    server.contents.clear();
    await expect(run()).rejects.toMatchObject({ code: "skills_unavailable" });
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("when the component cannot be asked", () => {
  it("repeats what may succeed, until time is up", async () => {
    let failures = 2;
    server.fail = () => {
      if (failures-- > 0) throw new TransportError("network", "down", true);
    };
    expect(await run()).toMatchObject({ written: ["weather", "maths"] });
    failures = Number.POSITIVE_INFINITY;
    await expect(run({ timeoutMs: 30 })).rejects.toMatchObject({ code: "skills_unavailable" });
    expect(await run({ timeoutMs: 30, required: false })).toBeNull();
    expect(await text("weather", "docs", "rain.md")).toBe("rain");
  });
  it("does not repeat a refusal", async () => {
    server.fail = () => {
      throw new TransportError("worker_token_revoked", "no", false);
    };
    await expect(run()).rejects.toMatchObject({ code: "worker_token_revoked" });
    expect(server.asked).toEqual(["index"]);
  });
  it("ends quietly when the worker is stopped, and does nothing when skills are off", async () => {
    const stop = new AbortController();
    server.fail = () => {
      stop.abort();
      throw new TransportError("network", "down", true);
    };
    expect(await run({ signal: stop.signal })).toBeNull();
    expect(await run({ mode: "off" })).toBeNull();
    expect(server.asked).toEqual(["index"]);
  });
  it("says what is wrong with the disk without its paths", async () => {
    await mkdir(path.dirname(dir), { recursive: true });
    await writeFile(dir, "a file");
    await expect(run()).rejects.toMatchObject({
      code: "skills_disk",
      message: expect.not.stringContaining(root),
    });
  });
});
