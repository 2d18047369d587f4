import { describe, expect, it, vi } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import { contentHash, publishedBundleHash } from "../../policy/skills/hash.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import { MAX_CHANNEL_BYTES, RELEASES_KEPT } from "./releases.js";

const world = useWorld();
const source = "export default async () => 'it rains';";

type DeployArgs = Partial<{
  slug: string;
  version: string;
  sourceJs: string;
  files: { path: string; content: string }[];
  entryPoint: string;
  moduleFormat: "esm" | "cjs";
  releaseChannel: "stable" | "canary";
  displayName: string;
  description: string;
}>;
const deploy = (args: DeployArgs = {}) =>
  world.t.mutation(world.lib.deployGlobalSkill, {
    slug: "weather",
    version: "1.0.0",
    sourceJs: source,
    ...args,
  });
const manifest = (releaseChannel?: "stable" | "canary") =>
  world.t.query(world.lib.getWorkerGlobalSkillsManifest, {
    workspaceId: "default",
    workerId: "w1",
    releaseChannel,
  });
const index = (args: { ifNoneMatch?: string; workerToken?: string; workspaceId?: string } = {}) =>
  world.t.query(world.lib.getWorkerGlobalSkillsIndex, args);
const filesOf = (hashes: string[], workerToken?: string) =>
  world.t.query(world.lib.getGlobalSkillFiles, { hashes, workerToken });
const list = (args: { releaseChannel?: "canary"; status?: "active" | "disabled"; limit?: number } = {}) =>
  world.t.query(world.lib.listGlobalSkills, args);
const rowsOf = (table: "globalSkillFiles" | "globalSkillReleases" | "globalSkillVersions") =>
  world.t.run(async (ctx) => (await ctx.db.query(table).collect()).length);

describe("deploying", () => {
  it("returns ids, trims slug and source, hashes the trimmed source", async () => {
    const deployed = await deploy({ slug: "  Weather ", sourceJs: `\n${source}\n` });
    expect(deployed).toMatchObject({ slug: "weather", version: "1.0.0", releaseChannel: "stable" });
    expect(deployed.sha256).toBe(await sha256Hex(source));
    expect(await list()).toEqual([
      {
        skillId: deployed.skillId,
        slug: "weather",
        displayName: "weather",
        status: "active",
        updatedAt: START,
        activeRelease: {
          releaseId: deployed.releaseId,
          versionId: deployed.versionId,
          version: "1.0.0",
          sha256: deployed.sha256,
          moduleFormat: "esm",
          entryPoint: "default",
          releaseChannel: "stable",
          activatedAt: START,
        },
      },
    ]);
  });

  it.each<[DeployArgs, string]>([
    [{ slug: "a" }, "Invalid skill slug. Use lowercase letters, numbers, '-' and '_'."],
    [{ version: "1.0" }, "Invalid skill version. Use semantic versioning format."],
    [{ sourceJs: "short" }, "Skill source is too short."],
    [{ sourceJs: "x".repeat(200_001) }, "Skill source too large (max 200KB)."],
    [{ entryPoint: " " }, "entryPoint is required."],
    [
      { files: [{ path: "../x", content: "" }] },
      "Invalid skill file: files[1].path has a segment of dots only.",
    ],
    [{ displayName: "x".repeat(201) }, "displayName is longer than 200 characters."],
  ])("refuses what 1.0.11 refused, with its words (case %#)", async (args, message) => {
    await expect(deploy(args)).rejects.toMatchObject({ data: { code: "skill_invalid", message } });
    expect(await list()).toEqual([]);
  });

  it("keeps a version as it is", async () => {
    await deploy({ files: [{ path: "a.md", content: "a" }] });
    for (const other of [
      { sourceJs: `${source}//` },
      { files: [{ path: "a.md", content: "b" }] },
      { files: [{ path: "a.md", content: "a" }], entryPoint: "run" },
    ]) {
      await expect(deploy(other)).rejects.toMatchObject({
        data: {
          code: "skill_conflict",
          message: "Skill weather@1.0.0 already exists with a different source.",
        },
      });
    }
  });

  it("adds nothing when it repeats, and a bounded number of rows however often versions alternate", async () => {
    const first = await deploy();
    expect(await deploy()).toEqual(first);
    expect(await rowsOf("globalSkillReleases")).toBe(1);
    for (let n = 0; n < 2 * RELEASES_KEPT + 5; n++) {
      vi.setSystemTime(START + n);
      await deploy({ version: `1.${n}.1`, sourceJs: `${source}${n}` });
    }
    await world.pass(1_000);
    expect(await rowsOf("globalSkillReleases")).toBe(RELEASES_KEPT);
    expect(await rowsOf("globalSkillVersions")).toBe(RELEASES_KEPT);
    expect(await rowsOf("globalSkillFiles")).toBe(RELEASES_KEPT);
    expect((await list())[0]?.activeRelease?.version).toBe(`1.${2 * RELEASES_KEPT + 4}.1`);
  });

  it("refuses what would make a channel's manifest too large for one call, and replaces within it", async () => {
    const files = Array.from({ length: 5 }, (_, i) => ({ path: `f${i}`, content: "x".repeat(200_000) }));
    const fit = Math.floor(MAX_CHANNEL_BYTES / 1_000_100);
    for (let n = 0; n < fit; n++) await deploy({ slug: `big-${n}`, files });
    await expect(deploy({ slug: "one-more", files })).rejects.toMatchObject({
      data: { code: "skills_too_large" },
    });
    await deploy({ slug: "big-0", version: "1.0.1", files });
    await deploy({ slug: "one-more", files, releaseChannel: "canary" });
    // The whole of it is readable in one transaction, under the platform's limits.
    expect((await manifest()).skills).toHaveLength(fit);
  });
});

describe("channels, states and deletion", () => {
  it("approve a version per channel, and any older one again", async () => {
    await deploy();
    await deploy({ version: "2.0.0-beta.1", sourceJs: `${source}//2`, releaseChannel: "canary" });
    expect((await manifest()).skills.map(({ version }) => version)).toEqual(["1.0.0"]);
    expect((await manifest("canary")).skills.map(({ version }) => version)).toEqual(["2.0.0-beta.1"]);
    await deploy({ version: "1.1.0", sourceJs: `${source}//1` });
    await deploy();
    expect((await list())[0]?.activeRelease?.version).toBe("1.0.0");
    expect((await list({ releaseChannel: "canary" }))[0]?.activeRelease?.version).toBe("2.0.0-beta.1");
  });

  it("keep disabled skills from workers until they are enabled or deployed again", async () => {
    await deploy();
    await deploy({ slug: "maths" });
    const set = (slug: string, status: "active" | "disabled") =>
      world.t.mutation(world.lib.setGlobalSkillStatus, { slug, status });
    expect(await set("Weather", "disabled")).toEqual({ updated: true, slug: "weather", status: "disabled" });
    expect(await set("nobody", "disabled")).toEqual({ updated: false, slug: "nobody", status: "disabled" });
    expect((await manifest()).skills.map(({ slug }) => slug)).toEqual(["maths"]);
    expect((await list({ status: "disabled" })).map(({ slug }) => slug)).toEqual(["weather"]);
    expect((await list({ limit: 1 })).map(({ slug }) => slug)).toEqual(["maths"]);
    await deploy();
    expect((await manifest()).skills.map(({ slug }) => slug)).toEqual(["maths", "weather"]);
  });

  it("delete everything of a skill", async () => {
    await deploy();
    await deploy({ version: "1.1.0", sourceJs: `${source}//` });
    await deploy({ slug: "maths" });
    const remove = () => world.t.mutation(world.lib.deleteGlobalSkill, { slug: "weather" });
    expect(await remove()).toEqual({
      deleted: true,
      slug: "weather",
      deletedVersions: 2,
      deletedReleases: 2,
    });
    expect(await remove()).toEqual({
      deleted: false,
      slug: "weather",
      deletedVersions: 0,
      deletedReleases: 0,
    });
    await world.pass(1_000);
    expect(await rowsOf("globalSkillFiles")).toBe(1);
    expect((await manifest()).skills.map(({ slug }) => slug)).toEqual(["maths"]);
    expect((await deploy({ sourceJs: `${source}//other` })).version).toBe("1.0.0");
  });

  it("leave a trace in the audit log", async () => {
    await deploy();
    await world.t.mutation(world.lib.deleteGlobalSkill, { slug: "weather" });
    const kinds = await world.t.run(async (ctx) =>
      (await ctx.db.query("auditLog").collect()).map((act) => act.kind),
    );
    expect(kinds).toEqual(expect.arrayContaining(["skill.deployed", "skill.deleted"]));
  });
});

describe("the manifest", () => {
  it("has the shape of 1.0.11 and does not change from call to call", async () => {
    await deploy({ description: "Tells the weather", files: [{ path: "docs/a.md", content: "a" }] });
    const first = await manifest();
    vi.setSystemTime(START + 60_000);
    expect(await manifest()).toEqual(first);
    const sha256 = await sha256Hex(source);
    expect(first).toMatchObject({
      layoutVersion: "openclaw-workspace-skill-v1",
      manifestVersion: await sha256Hex(`weather@1.0.0:${sha256}`),
      generatedAt: START,
      releaseChannel: "stable",
      workspaceId: "default",
    });
    const skill = first.skills[0];
    expect(skill).toMatchObject({
      slug: "weather",
      sourceJs: source,
      sha256,
      skillDirName: "weather",
      moduleFormat: "esm",
    });
    expect(skill?.files.map(({ path }) => path)).toEqual([
      "SKILL.md",
      "docs/a.md",
      "scripts/index.mjs",
      ".af-global-skill.json",
    ]);
    for (const file of skill?.files ?? []) expect(file.sha256).toBe(await sha256Hex(file.content));
    expect(skill?.files[0]?.content).toContain('description: "Tells the weather"');
    expect(skill?.files[2]?.content).toBe(`${source}\n`);
  });

  it("takes a SKILL.md that the skill brings", async () => {
    await deploy({ files: [{ path: "SKILL.md", content: "mine" }] });
    const files = (await manifest()).skills[0]?.files ?? [];
    expect(files.filter(({ path }) => path === "SKILL.md").map(({ content }) => content)).toEqual(["mine"]);
  });

  it("hashes what the worker image in use checks", async () => {
    await deploy();
    const hashWith = async (manifestHash: "source" | "bundle" | "none") => {
      await world.t.mutation(world.lib.setPolicies, { policies: { skills: { manifestHash } } });
      return (await manifest()).skills[0];
    };
    expect((await hashWith("source"))?.sha256).toBe(await sha256Hex(source));
    const bundle = await hashWith("bundle");
    expect(bundle?.sha256).toBe(await publishedBundleHash(bundle?.files ?? [], ".af-global-skill.json"));
    expect((await hashWith("none"))?.sha256).toBe("");
  });
});

describe("delivery by hash", () => {
  it("names contents, gives them once, and says when nothing changed", async () => {
    await deploy();
    const current = await index();
    expect(current.contentHash).toBe(await contentHash(current.skills));
    const [skill] = current.skills;
    expect(skill?.files.map(({ path, content }) => [path, content !== undefined])).toEqual([
      ["SKILL.md", true],
      ["scripts/index.mjs", false],
      [".af-global-skill.json", true],
    ]);
    const wanted = skill?.files.find(({ content }) => content === undefined)?.sha256 ?? "";
    expect(await filesOf([wanted, "0".repeat(64)])).toEqual({
      files: [{ sha256: wanted, content: `${source}\n` }],
      remaining: [],
    });
    expect(await index({ ifNoneMatch: current.contentHash })).toMatchObject({ unchanged: true, skills: [] });
    await deploy({ description: "another text in SKILL.md" });
    const next = await index({ ifNoneMatch: current.contentHash });
    expect(next.unchanged).toBe(false);
    expect(next.manifestVersion).toBe(current.manifestVersion);
    await expect(filesOf(Array.from({ length: 65 }, () => wanted))).rejects.toMatchObject({
      data: { code: "invalid_argument" },
    });
  });

  it("stops within a bounded answer and says what is left", async () => {
    const files = Array.from({ length: 5 }, (_, i) => ({ path: `f${i}`, content: `${i}`.repeat(200_000) }));
    for (let n = 0; n < 6; n++) {
      const own = files.map((file) => ({ ...file, content: `${n}${file.content.slice(1)}` }));
      await deploy({ slug: `big-${n}`, files: own });
    }
    const hashes = (await index()).skills.flatMap((skill) =>
      skill.files.filter(({ content }) => content === undefined).map(({ sha256 }) => sha256),
    );
    expect(hashes).toHaveLength(36);
    const seen: string[] = [];
    for (let left = hashes; left.length > 0;) {
      const answer = await filesOf(left);
      expect(answer.files.length).toBeGreaterThan(0);
      seen.push(...answer.files.map(({ sha256 }) => sha256));
      left = answer.remaining;
    }
    expect(new Set(seen)).toEqual(new Set(hashes));
    expect(seen.length).toBe(36);
  });
});

describe("a worker's token", () => {
  it("opens skills and media to its workspace, and a forged or revoked one opens nothing", async () => {
    await deploy();
    const { token, tokenId } = await world.t.mutation(world.lib.createAgentWorkerToken, {
      workspace: "acme",
    });
    expect((await index({ workerToken: token, workspaceId: "acme" })).skills).toHaveLength(1);
    await expect(index({ workerToken: token, workspaceId: "other" })).rejects.toThrow("workspace_mismatch");
    const media = (workerToken: string) =>
      Promise.all([
        world.t.mutation(world.lib.generateMediaUploadUrl, { workerToken }),
        world.t.query(world.lib.getStorageFileUrl, { storageId: "nonsense", workerToken }),
      ]);
    const [{ uploadUrl }, url] = await media(token);
    expect([uploadUrl.startsWith("http"), url]).toEqual([true, null]);
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId });
    for (const bad of [token, "forged", ""]) {
      await expect(index({ workerToken: bad })).rejects.toThrow("worker_token_");
      await expect(filesOf([], bad)).rejects.toThrow("worker_token_");
      await expect(media(bad)).rejects.toThrow("worker_token_");
    }
  });

  it("is not needed by the host, who reads a stored file by its id", async () => {
    const storageId = await world.t.run((ctx) => ctx.storage.store(new Blob(["hello"])));
    const url = await world.t.query(world.lib.getStorageFileUrl, { storageId });
    expect(url).toMatch(/^http/);
    await world.t.run((ctx) => ctx.storage.delete(storageId));
    expect(await world.t.query(world.lib.getStorageFileUrl, { storageId })).toBeNull();
  });
});
