import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Disk, type Marker } from "./disk.js";

let root: string;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), "disk-"))));
afterEach(() => rm(root, { recursive: true, force: true }));

const marker = (conversationId: string, turns = 0): Marker => ({
  workspaceId: "default",
  agentKey: "a",
  conversationId,
  generation: 1,
  snapshotId: "s1",
  snapshotGeneration: 1,
  savedAt: 1,
  turns,
  versions: {},
});
const opened = async (place: Partial<Disk["place"]> = {}): Promise<Disk> => {
  const disk = new Disk({ root, entries: null, machineFiles: [], ...place });
  await disk.open();
  return disk;
};
const put = async (name: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), text);
};
const content = async (): Promise<Record<string, string>> => {
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const files = names.map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name)));
  const memory = files.filter((name) => !name.startsWith(".agent-factory")).sort();
  return Object.fromEntries(
    await Promise.all(
      memory.map(async (name) => [name, await readFile(path.join(root, name), "utf8")] as const),
    ),
  );
};

describe("the marker", () => {
  it("survives a restart; an unreadable one is none", async () => {
    await (await opened()).mark(marker("c1", 3));
    expect((await opened()).marker).toEqual(marker("c1", 3));
    await writeFile(path.join(root, ".agent-factory/marker.json"), '{"conversationId":');
    expect((await opened()).marker).toBeNull();
  });
});

describe("a swap", () => {
  it("replaces everything and leaves nothing behind", async () => {
    await put("old/a", "old");
    const disk = await opened();
    await disk.newIncoming();
    await put(".agent-factory/incoming/new/b", "new");
    await disk.swapIn(marker("c2"));
    expect(await content()).toEqual({ "new/b": "new" });
    expect((await opened()).marker).toEqual(marker("c2"));
    expect(await readdir(path.join(root, ".agent-factory"))).toEqual(["marker.json"]);
  });

  it("to nothing forgets whose the disk was", async () => {
    await put("old", "old");
    const disk = await opened();
    await disk.mark(marker("c1"));
    await disk.newIncoming();
    await disk.swapIn(null);
    expect([await content(), disk.marker, (await opened()).marker]).toEqual([{}, null, null]);
  });

  it("touches only the named directories and keeps the machine's own files", async () => {
    await put("other/file", "no memory");
    await put("state/config.json", "this machine's");
    await put("state/session", "old");
    const disk = await opened({ entries: ["state", "workspace"], machineFiles: ["state/config.json"] });
    await disk.newIncoming();
    await put(".agent-factory/incoming/state/session", "new");
    await put(".agent-factory/incoming/state/config.json", "another machine's");
    await disk.swapIn(marker("c1"));
    expect(await content()).toEqual({
      "other/file": "no memory",
      "state/config.json": "this machine's",
      "state/session": "new",
    });
    expect(await readdir(root)).toContain("workspace");
  });

  // What a crash can leave: nothing committed; some moved out; all moved out; some moved in; all moved in.
  it.each([
    ["before the commit", null, ["a", "b"], ["x", "y"], []],
    ["at the commit", "clear", ["a", "b"], ["x", "y"], []],
    ["in the middle of clearing", "clear", ["b"], ["x", "y"], ["a"]],
    ["after clearing", "fill", [], ["x", "y"], ["a", "b"]],
    ["in the middle of filling", "fill", ["x"], ["y"], ["a", "b"]],
    ["after filling", "fill", ["x", "y"], [], ["a", "b"]],
  ] as const)("cut off %s is whole after the next start", async (_, phase, live, incoming, outgoing) => {
    for (const name of live) await put(name, name);
    for (const name of incoming) await put(`.agent-factory/incoming/${name}`, name);
    for (const name of outgoing) await put(`.agent-factory/outgoing/${name}`, name);
    await put(".agent-factory/marker.json", JSON.stringify(marker("old", 5)));
    if (phase !== null)
      await put(".agent-factory/swap.json", JSON.stringify({ phase, marker: marker("new") }));
    const disk = await opened();
    const whole = phase === null ? { a: "a", b: "b" } : { x: "x", y: "y" };
    expect(await content()).toEqual(whole);
    expect(disk.marker?.conversationId).toBe(phase === null ? "old" : "new");
    expect(await readdir(path.join(root, ".agent-factory"))).toEqual(["marker.json"]);
    expect((await opened()).marker).toEqual(disk.marker);
  });

  it("moves aside what a running program made meanwhile", async () => {
    await put("workspace/made-meanwhile", "x");
    await put(".agent-factory/incoming/workspace/a", "restored");
    await put(".agent-factory/swap.json", JSON.stringify({ phase: "fill", marker: marker("c1") }));
    await opened();
    expect(await content()).toEqual({ "workspace/a": "restored" });
  });
});
