import {
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import * as tar from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pack, unpack } from "./archive.js";
import type { Place } from "./place.js";

let dir: string;
let place: Place;
let into: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "archive-"));
  const root = path.join(dir, "data");
  into = path.join(dir, "into");
  await mkdir(path.join(root, ".agent-factory"), { recursive: true });
  await mkdir(into);
  place = { root, entries: null, machineFiles: [] };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const put = async (name: string, text: string): Promise<void> => {
  const file = path.join(place.root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
};
/** Largest unpacked size in these tests, in bytes. */
const limit = 16 * 1024 * 1024;
const archive = (): string => path.join(dir, "a.tgz");
const read = (name: string): Promise<string> => readFile(path.join(into, name), "utf8");

/** An archive of entries that `tar.create` would not write. */
async function crafted(...entries: { path: string; type?: string; linkpath?: string; body?: string }[]) {
  const blocks = entries.map(({ path: name, type = "File", linkpath, body = "" }) => {
    const header = new tar.Header({
      path: name,
      type: type as "File",
      linkpath,
      size: body.length,
      mode: 0o644,
      mtime: new Date(0),
    });
    header.encode();
    const content = Buffer.alloc(Math.ceil(body.length / 512) * 512);
    content.write(body);
    return Buffer.concat([header.block ?? Buffer.alloc(0), content]);
  });
  await writeFile(archive(), gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
}

describe("an archive", () => {
  it("brings back files, directories, names and modes; neither the worker's own corner nor links", async () => {
    await put("notes/deep/a.md", "fact");
    await put("@odd name.txt", "odd");
    await put(".hidden", "h");
    await put(".agent-factory/marker.json", "{}");
    await writeFile(path.join(place.root, "run.sh"), "#!", { mode: 0o755 });
    await symlink("/etc/passwd", path.join(place.root, "way-out"));
    await link(path.join(place.root, ".hidden"), path.join(place.root, "second-name"));
    const packed = await pack(place, archive(), limit);
    const names: string[] = [];
    await tar.list({ file: archive(), onReadEntry: ({ path: name }) => void names.push(name) });
    expect(names[0]).toBe("./");
    expect(packed).toMatchObject({
      leftOut: { count: 1, examples: ["way-out (link)"] },
      sizeBytes: (await stat(archive())).size,
    });
    await unpack(place, archive(), into, limit);
    expect((await readdir(into)).sort()).toEqual([
      ".hidden",
      "@odd name.txt",
      "notes",
      "run.sh",
      "second-name",
    ]);
    expect([await read("notes/deep/a.md"), await read("second-name")]).toEqual(["fact", "h"]);
    expect((await stat(path.join(into, "run.sh"))).mode & 0o777).toBe(0o755);
  });

  it("of named directories holds those alone, without the machine's files, and an empty one as well", async () => {
    place = { ...place, entries: [".clawdbot", "workspace"], machineFiles: [".clawdbot/openclaw.json"] };
    await put(".clawdbot/openclaw.json", "the gateway's token");
    await put(".clawdbot/sessions/s.jsonl", "{}");
    await put("elsewhere", "no memory");
    await pack(place, archive(), limit);
    await unpack(place, archive(), into, limit);
    expect((await readdir(into)).sort()).toEqual([".clawdbot", "workspace"]);
    expect(await readdir(path.join(into, ".clawdbot"))).toEqual(["sessions"]);
  });

  it("that cannot be written says why", async () => {
    await expect(pack({ ...place, root: path.join(dir, "gone") }, archive(), limit)).rejects.toThrow(
      "memory: the data directory could not be archived (ENOENT)",
    );
  });
});

it("an archive that finds no place on the disk is not called damaged, and leaves nothing there", async () => {
  await put("a", "x".repeat(1_000));
  await put("dir/b", "y");
  await pack(place, archive(), limit);
  // A name that is taken stands for a disk that is full.
  await mkdir(path.join(into, "dir", "b"), { recursive: true });
  await writeFile(path.join(into, "dir", "b", "c"), "");
  const error: unknown = await unpack(place, archive(), into, limit).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "unavailable" });
  expect(String(error)).toMatch(/the archive could not be unpacked \(E[A-Z]+\)/);
  await expect(readdir(into)).rejects.toMatchObject({ code: "ENOENT" });
});

describe("a bad archive is refused before anything is written", () => {
  const refused = async (text: string) => {
    await expect(unpack(place, archive(), into, limit)).rejects.toThrow(text);
    expect(await readdir(into)).toEqual([]);
  };
  it.each([
    ["a path that climbs out", { path: "a/../../out" }, "outside the data directory"],
    ["an absolute path", { path: "/etc/cron.d/x" }, "outside the data directory"],
    ["a backslash path", { path: "..\\out" }, "outside the data directory"],
    ["a symbolic link", { path: "l", type: "SymbolicLink", linkpath: "/etc" }, "type SymbolicLink"],
    ["a hard link", { path: "l", type: "Link", linkpath: "good" }, "type Link"],
    ["a device", { path: "d", type: "CharacterDevice" }, "type CharacterDevice"],
    ["the worker's own corner", { path: ".agent-factory/marker.json", body: "{}" }, "no part of the memory"],
  ])("%s", async (_, entry, text) => {
    await crafted({ path: "good", body: "good" }, entry);
    await refused(text);
  });

  it("an entry outside the named directories", async () => {
    place = { ...place, entries: ["workspace"] };
    await crafted({ path: "workspace/a", body: "a" }, { path: "bin/sh", body: "x" });
    await refused("no part of");
  });
  it("one that is cut off", async () => {
    await put("a", "x".repeat(100_000) + Math.sin(1));
    const { sizeBytes } = await pack(place, archive(), limit);
    await truncate(archive(), sizeBytes - 20);
    await refused("the archive is damaged");
  });
  it("one that is no archive", async () => {
    await writeFile(archive(), "<html>not found</html>");
    await refused("the archive is damaged");
  });
  it("one that unpacks to more than is allowed, and none such is saved", async () => {
    await put("zeros", "0".repeat(10 * 1024 * 1024));
    await put("more zeros", "0".repeat(10 * 1024 * 1024));
    await pack(place, archive(), 2 * limit);
    await refused("more than is allowed");
    await expect(pack(place, archive(), limit)).rejects.toThrow("more than is allowed");
  });
});
