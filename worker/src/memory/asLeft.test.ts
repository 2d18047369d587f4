/** Data directories as agents leave them: any name, mode and kind of file. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { chmod, lstat, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asOrdinaryUser } from "../../../test/worker/ordinaryUser.js";
import { removeTree } from "../files/removeTree.js";
import { pack, tarOf, unpack } from "./archive.js";
import { Disk } from "./disk.js";
import { LeftOut } from "./leftOut.js";
import type { Place } from "./place.js";
import { walk } from "./walk.js";

let dir: string;
let place: Place;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "as-left-"));
  place = { root: path.join(dir, "data"), entries: null, machineFiles: [] };
});
afterEach(() => removeTree(dir));

const limit = 64 * 1024 * 1024;
const archive = (): string => path.join(dir, "a.tgz");
const at = (name: string): string => path.join(place.root, name);
const bytesAt = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${place.root}/`), name]);
const modeOf = async (file: string): Promise<number> => (await lstat(file)).mode & 0o777;

/** Saves the directory, and brings it back on another disk. */
async function moved(maxBytes = limit): Promise<{ disk: Disk; leftOut: LeftOut; restored: string }> {
  const { leftOut } = await pack(place, archive(), maxBytes);
  const disk = new Disk({ ...place, root: path.join(dir, "other") });
  await disk.open();
  await unpack(disk.place, archive(), await disk.newIncoming(), maxBytes);
  await disk.swapIn(null);
  return { disk, leftOut, restored: disk.place.root };
}
const names = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true })).filter((name) => !name.startsWith(".agent-factory")).sort();

describe("by an ordinary user", () => {
  asOrdinaryUser(() => dir);
  beforeEach(() => mkdirSync(place.root));

  it("names of every kind are saved and given back", async () => {
    const odd = [
      "-rf",
      "@list",
      " leading and trailing ",
      "line\nend",
      'quote\'s "and" $(id) `x`',
      "back\\slash.txt",
      "C:\\Users\\me",
      "con",
      "a:b",
      "tab\tname",
      "\u001b[31mred",
      "é",
      "e\u0301",
      "😀".repeat(60),
      "x".repeat(255),
      "...",
      "UPPER",
      "upper",
    ];
    for (const name of odd) writeFileSync(at(name), name);
    const deep = Array.from({ length: 12 }, () => "d".repeat(200)).join("/");
    mkdirSync(at(deep), { recursive: true });
    writeFileSync(at(`${deep}/ünder`), "deep");
    const { leftOut, restored } = await moved();
    expect(leftOut.count).toBe(0);
    expect((await names(restored)).filter((name) => !name.startsWith("ddd"))).toEqual([...odd].sort());
    for (const name of odd) expect(await readFile(path.join(restored, name), "utf8")).toBe(name);
    expect(await readFile(path.join(restored, deep, "ünder"), "utf8")).toBe("deep");
  });

  it("names that no archive holds are left out and told, and the rest is saved", async () => {
    writeFileSync(at("MEMORY.md"), "fact");
    writeFileSync(bytesAt(Buffer.from([0x63, 0x61, 0x66, 0xe9])), "latin");
    mkdirSync(bytesAt(Buffer.from([0xff, 0xfe])));
    writeFileSync(Buffer.concat([bytesAt(Buffer.from([0xff, 0xfe])), Buffer.from("/inside")]), "x");
    writeFileSync(at("..\\out"), "x");
    writeFileSync(at("line\nend and é"), "x");
    const { leftOut, restored, disk } = await moved();
    expect(await names(restored)).toEqual(["MEMORY.md"]);
    expect(leftOut).toMatchObject({ count: 4, reasons: { name: 4 } });
    expect(leftOut.examples).toContain("caf\ufffd (name)");
    // Emptied all the same.
    const own = new Disk(place);
    await own.open();
    await own.newIncoming();
    await own.swapIn(null);
    expect([await names(place.root), await names(disk.place.root)]).toEqual([[], ["MEMORY.md"]]);
  });

  it("modes come back, those of directories that may not be changed as well", async () => {
    const cache = "go/pkg/mod/m@v1";
    mkdirSync(at(cache), { recursive: true });
    writeFileSync(at(`${cache}/go.mod`), "module m");
    writeFileSync(at("run"), "#!");
    writeFileSync(at("shared"), "x");
    for (const [name, mode] of [
      [`${cache}/go.mod`, 0o444],
      [cache, 0o555],
      ["go/pkg", 0o555],
      ["go", 0o555],
      ["run", 0o750],
      ["shared", 0o666],
    ] as const)
      chmodSync(at(name), mode);
    const { restored, disk } = await moved();
    const modes = await Promise.all(
      ["go", "go/pkg", "go/pkg/mod", cache, `${cache}/go.mod`, "run", "shared"].map((name) =>
        modeOf(path.join(restored, name)),
      ),
    );
    expect(modes).toEqual([0o555, 0o555, await modeOf(at("go/pkg/mod")), 0o555, 0o444, 0o750, 0o666]);
    await disk.newIncoming();
    await disk.swapIn(null);
    expect(await names(restored)).toEqual([]);
    await new Disk(disk.place).open();
  });

  it("what may not be read is left out with the system's word, and removed when the disk is emptied", async () => {
    mkdirSync(at("shut/inner"), { recursive: true });
    writeFileSync(at("shut/inner/file"), "x");
    writeFileSync(at("secret"), "x");
    writeFileSync(at("open"), "x");
    chmodSync(at("secret"), 0);
    chmodSync(at("shut/inner"), 0);
    chmodSync(at("shut"), 0o111);
    const { leftOut, restored } = await moved();
    expect(leftOut).toMatchObject({ count: 2, reasons: { EACCES: 2 } });
    expect(leftOut.examples).toEqual(["secret (EACCES)", "shut (EACCES)"]);
    expect((await readdir(restored)).sort()).toEqual([".agent-factory", "open", "shut"]);
    expect(await modeOf(path.join(restored, "shut"))).toBe(0o111);
    const disk = new Disk(place);
    await disk.open();
    await disk.newIncoming();
    await disk.swapIn(null);
    expect(await readdir(place.root)).toEqual([".agent-factory"]);
    expect(await readdir(at(".agent-factory"))).toEqual([]);
  });

  it("a disk whose own directories were shut or replaced is opened", async () => {
    place = { ...place, entries: ["state", "workspace"] };
    mkdirSync(at("state"));
    symlinkSync("/nowhere", at("workspace"));
    mkdirSync(at(".agent-factory/marker.json"), { recursive: true });
    writeFileSync(at(".agent-factory/swap.json.new"), "");
    chmodSync(at("state"), 0);
    chmodSync(at(".agent-factory"), 0o500);
    chmodSync(place.root, 0o555);
    const disk = new Disk(place);
    await disk.open();
    expect(disk.marker).toBeNull();
    writeFileSync(at("state/session"), "s");
    writeFileSync(at("workspace/a"), "a");
    await disk.newIncoming();
    await disk.swapIn(null);
    expect(await names(place.root)).toEqual(["state", "workspace"]);
  });

  it("a marker that may not be read is still the marker", async () => {
    const disk = new Disk(place);
    await disk.open();
    const marker = { workspaceId: "w", agentKey: "a", conversationId: "c", generation: 1, turns: 3 };
    await disk.mark({ ...marker, snapshotId: null, snapshotGeneration: null, savedAt: null, versions: {} });
    await chmod(at(".agent-factory/marker.json"), 0);
    const again = new Disk(place);
    await again.open();
    expect(again.marker).toMatchObject(marker);
  });

  it("the machine's own file is kept where the directories beside it may not be changed", async () => {
    place = { ...place, entries: ["state"], machineFiles: ["state/etc/config.json"] };
    mkdirSync(at("state/etc"), { recursive: true });
    writeFileSync(at("state/etc/config.json"), "ours");
    const disk = new Disk(place);
    await disk.open();
    const incoming = await disk.newIncoming();
    mkdirSync(path.join(incoming, "state/etc"), { recursive: true });
    chmodSync(path.join(incoming, "state/etc"), 0o555);
    chmodSync(at("state/etc"), 0);
    await disk.swapIn(null);
    expect(await readFile(at("state/etc/config.json"), "utf8")).toBe("ours");
  });
});

describe("whoever runs it", () => {
  beforeEach(() => mkdirSync(place.root));

  it("links, sockets and pipes are left out, never followed and never waited for", async () => {
    writeFileSync(path.join(dir, "outside"), "secret");
    writeFileSync(at("file"), "x");
    symlinkSync(path.join(dir, "outside"), at("absolute"));
    symlinkSync("../outside", at("out"));
    symlinkSync("nowhere", at("dangling"));
    symlinkSync("loop", at("loop"));
    symlinkSync(".", at("self"));
    execFileSync("mkfifo", [at("pipe")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    try {
      const { leftOut, restored, disk } = await moved();
      expect(await names(restored)).toEqual(["file"]);
      expect(leftOut).toMatchObject({ count: 7, reasons: { link: 5, special: 2 } });
      const own = new Disk(place);
      await own.open();
      await own.newIncoming();
      await own.swapIn(null);
      expect(await names(place.root)).toEqual([]);
      expect([await readFile(path.join(dir, "outside"), "utf8"), disk.marker]).toEqual(["secret", null]);
    } finally {
      server.close();
    }
  });

  it("a file larger than all memory may be is left out, a sparse one that fits comes back", async () => {
    writeFileSync(at("core"), "");
    truncateSync(at("core"), 1024 ** 4);
    writeFileSync(at("sparse"), "");
    truncateSync(at("sparse"), 5_000_000);
    writeFileSync(at("note"), "fact");
    const { leftOut, restored } = await moved(8 * 1024 * 1024);
    expect(leftOut.examples).toEqual(["core (too_large)"]);
    expect((await stat(path.join(restored, "sparse"))).size).toBe(5_000_000);
    expect(await readFile(path.join(restored, "note"), "utf8")).toBe("fact");
  });

  it("a file that is gone before it is read is no fault", async () => {
    for (const name of ["a", "b", "c", "d"]) writeFileSync(at(name), name.repeat(1_000));
    const leftOut = new LeftOut();
    const found: string[] = [];
    for await (const entry of walk(place, leftOut)) {
      found.push(entry.name);
      if (entry.name === "b") rmSync(at("c"));
    }
    expect([found, leftOut.count]).toEqual([["a", "b", "d"], 0]);
  });

  it.each([
    ["grows", (file: string) => appendFileSync(file, "more"), []],
    ["shrinks", (file: string) => truncateSync(file, 10), ["log (changed)"]],
  ])("a file that %s while it is read does not spoil the archive", async (_, change, told) => {
    const sizeBytes = 3_000_000;
    writeFileSync(at("log"), "x".repeat(sizeBytes));
    const leftOut = new LeftOut();
    const blocks: Buffer[] = [];
    for await (const block of tarOf(walk(place, leftOut), limit, leftOut)) {
      blocks.push(block);
      if (blocks.length === 3) change(at("log"));
    }
    await writeFile(archive(), gzipSync(Buffer.concat(blocks)));
    const into = path.join(dir, "into");
    mkdirSync(into);
    await unpack(place, archive(), into, limit);
    expect((await stat(path.join(into, "log"))).size).toBe(sizeBytes);
    expect(leftOut.examples).toEqual(told);
  });

  it("thousands of small files and a tree deeper than any path are saved as far as they can be, and removed", async () => {
    for (let index = 0; index < 3_000; index += 1) writeFileSync(at(`f${index}`), String(index));
    // 30 levels of 200 bytes: no single path reaches the end.
    const step = `n=${"d".repeat(200)}; for i in $(seq 30); do mkdir $n && cd -P $n; done`;
    execFileSync("sh", ["-c", step], { cwd: place.root });
    const { leftOut } = await pack(place, archive(), limit);
    expect(leftOut.count).toBe(1);
    const disk = new Disk(place);
    await disk.open();
    await disk.newIncoming();
    await disk.swapIn(null);
    expect(await names(place.root)).toEqual([]);
  });
});
