import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asOrdinaryUser } from "../../../test/worker/ordinaryUser.js";
import { createCommandEngine } from "../engines/command/engine.js";
import type { Attachment } from "../../../src/contract/attachments.js";
import { createFileExchange } from "./exchange.js";
import { textWithFiles } from "./files.js";
import { imageParts } from "../engines/openai/imageParts.js";
import { readMedia } from "../engines/openclaw/mediaPaths.js";

const signal = new AbortController().signal;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const ready = (url: string, more: Partial<Attachment> = {}): Attachment => ({
  status: "ready",
  kind: "document",
  downloadUrl: url,
  ...more,
});
const served: Record<string, () => Response> = {
  "http://files/a": () => new Response("content"),
  "http://files/gone": () => new Response(null, { status: 404 }),
};
const uploads: { url: string; type: string | null; body: string }[] = [];
const exchange = createFileExchange({
  uploadUrl: () => Promise.resolve("http://files/upload"),
  fetch: async (input, init) => {
    const request = new Request(input, init);
    if (request.method === "POST") {
      uploads.push({
        url: request.url,
        type: request.headers.get("content-type"),
        body: await request.text(),
      });
      return Response.json({ storageId: `s${uploads.length}` });
    }
    return served[request.url]?.() ?? Response.error();
  },
});

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "attachments-test-"));
  uploads.length = 0;
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("the files of a message", () => {
  it("lie on the disk under safe names while the engine runs, and no longer", async () => {
    const { attachments, dispose } = await exchange.receive(
      [ready("http://files/a", { fileName: "../../etc/passwd", mimeType: "text/plain" })],
      signal,
    );
    const file = attachments[0]?.path ?? "";
    expect(path.basename(file)).toBe("1-passwd");
    expect(await readFile(file, "utf8")).toBe("content");
    await dispose();
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  it("that cannot be had are named with the reason", async () => {
    const { attachments, dispose } = await exchange.receive(
      [
        { status: "failed", kind: "video", fileName: "big.mp4", error: "too large" },
        { status: "expired", kind: "photo" },
        ready("http://files/gone", { kind: "voice" }),
      ],
      signal,
    );
    await dispose();
    expect(textWithFiles({ text: "look", attachments })).toBe(
      [
        "look",
        "",
        "[Attached files]",
        "- video big.mp4: not available: too large",
        "- photo photo.jpg: not available: the file is expired",
        "- voice voice.ogg: not available: it could not be downloaded",
      ].join("\n"),
    );
  });

  it("are pictures for a model where they fit, and names otherwise", async () => {
    const file = path.join(dir, "p.png");
    await writeFile(file, "png");
    const png = { kind: "photo" as const, fileName: "p.png", mimeType: "image/png", path: file };
    const attachments = [
      { ...png, sizeBytes: 3 },
      { ...png, sizeBytes: 16 * 1024 * 1024 },
      { ...png, mimeType: "image/svg+xml" },
      { ...png, path: null },
    ];
    expect(await imageParts(attachments)).toEqual([
      { type: "image_url", image_url: { url: "data:image/png;base64,cG5n" } },
    ]);
    expect(textWithFiles({ text: "x", attachments: [png] }, false)).not.toContain(dir);
  });
});

describe("the files of an answer", () => {
  it("are stored with what Telegram needs to know, and found again", async () => {
    const stored = await exchange.store(
      [
        { fileName: "chart.PNG", bytes: bytes("1") },
        { fileName: "say.ogg", bytes: bytes("2") },
        { fileName: "data.weird", bytes: bytes("3") },
      ],
      signal,
    );
    expect(stored.map(({ file }) => file)).toEqual([
      { storageId: "s1", kind: "photo", fileName: "chart.PNG", mimeType: "image/png", sizeBytes: 1 },
      { storageId: "s2", kind: "voice", fileName: "say.ogg", mimeType: "audio/ogg", sizeBytes: 1 },
      {
        storageId: "s3",
        kind: "document",
        fileName: "data.weird",
        mimeType: "application/octet-stream",
        sizeBytes: 1,
      },
    ]);
    expect(uploads.map(({ body }) => body)).toEqual(["1", "2", "3"]);
    const [file] = stored.map(({ file: recorded }) => recorded);
    if (!file) throw new Error("nothing stored");
    const [again, expired] = exchange.recorded([{ ...file, downloadUrl: "http://files/a" }, file]);
    expect(Buffer.from((await again?.load(signal)) ?? []).toString()).toBe("content");
    await expect(expired?.load(signal)).rejects.toThrow("expired");
  });

  it("are refused when they are too many", async () => {
    const eleven = Array.from({ length: 11 }, () => ({ fileName: "a", bytes: bytes("x") }));
    await expect(exchange.store(eleven, signal)).rejects.toMatchObject({ kind: "refused" });
  });

  it("of a program are what it leaves in OUT_DIR", async () => {
    const script = `const fs = require('node:fs'); const out = process.env.OUT_DIR;
      fs.writeFileSync(out + '/b.txt', 'two'); fs.writeFileSync(out + '/a.txt', 'one');
      fs.writeFileSync(out + '/.hidden', 'x'); fs.mkdirSync(out + '/dir');
      fs.symlinkSync('/etc/passwd', out + '/link'); console.error(out);`;
    const engine = createCommandEngine({ argv: [process.execPath, "-e", script], env: process.env });
    const request = {
      messageId: "m",
      attempt: 1,
      conversationId: "c",
      agentKey: "a",
      history: [],
      metadata: {},
      signal,
    };
    const { text, files } = await engine.run({ ...request, text: "x" });
    expect(text).toBe("");
    expect(files?.map((file) => [file.fileName, Buffer.from(file.bytes).toString()])).toEqual([
      ["a.txt", "one"],
      ["b.txt", "two"],
    ]);
  });

  describe("by an ordinary user", () => {
    asOrdinaryUser(() => dir);
    it("of a program are sent whatever their names, and those that cannot be read are told", async () => {
      const script = `const fs = require('node:fs'); const out = process.env.OUT_DIR;
        fs.writeFileSync(Buffer.concat([Buffer.from(out + '/caf'), Buffer.from([0xe9]), Buffer.from('.txt')]), 'latin');
        fs.writeFileSync(out + '/shut', 'x'); fs.chmodSync(out + '/shut', 0);
        fs.mkdirSync(out + '/cache/m', { recursive: true }); fs.writeFileSync(out + '/cache/m/f', 'x');
        fs.chmodSync(out + '/cache/m', 0o555); fs.chmodSync(out + '/cache', 0o555); fs.chmodSync(out, 0o555);
        require('node:child_process').execFileSync('chmod', ['0', out]); console.log('here');`;
      const engine = createCommandEngine({ argv: [process.execPath, "-e", script], env: process.env });
      const request = { messageId: "m", attempt: 1, conversationId: "c", agentKey: "a", history: [] };
      const before = await readdir(tmpdir());
      const { text, files } = await engine.run({ ...request, metadata: {}, signal, text: "x" });
      expect(text).toBe("here\n\n[files that could not be sent: shut]");
      expect(files?.map(({ fileName }) => fileName)).toEqual(["caf\ufffd.txt"]);
      const left = (await readdir(tmpdir())).filter((name) => !before.includes(name));
      expect(left.filter((name) => name.startsWith("agent-out-"))).toEqual([]);
    });

    it("of a message are deleted although the engine shut their directory; a name of any length is written", async () => {
      const fileName = `${"很".repeat(200)}.txt`;
      const { attachments, dispose } = await exchange.receive(
        [ready("http://files/a", { fileName })],
        signal,
      );
      const file = attachments[0]?.path ?? "";
      expect(await readFile(file, "utf8")).toBe("content");
      await chmod(path.dirname(file), 0o555);
      await dispose();
      expect(existsSync(path.dirname(file))).toBe(false);
    });
  });

  it("that a model names are read from the allowed directories only", async () => {
    const [work, outside] = [path.join(dir, "work"), path.join(dir, "outside")];
    await mkdir(work);
    await mkdir(outside);
    await writeFile(path.join(work, "ok.txt"), "fine");
    await writeFile(path.join(outside, "secret.txt"), "secret");
    await symlink(path.join(outside, "secret.txt"), path.join(work, "link.txt"));
    const named = ["ok.txt", "link.txt", "../outside/secret.txt", "missing.txt"].map(
      (name) => `${work}/${name}`,
    );
    const { files, refused } = await readMedia([...named, "/proc/self/environ", "https://x/y.png"], [work]);
    expect(files.map(({ fileName }) => fileName)).toEqual(["ok.txt"]);
    expect(refused).toEqual(["link.txt", "secret.txt", "missing.txt", "environ", "y.png"]);
    expect((await readMedia(named, [])).files).toEqual([]);
  });
});
