import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorityPem } from "../../test/worker/certificates.js";
import { lookAtMachine } from "./startChecks.js";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(path.join(tmpdir(), "machine-"))));
afterEach(() => rm(directory, { recursive: true, force: true }));
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(path.join(directory, name), text);
  return path.join(directory, name);
};
const limits = (open: string): Promise<string> =>
  file("limits", `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${open}  524288  files\n`);

describe("a look at the machine", () => {
  it("says when few files may be open, and nothing when many may, or when it cannot know", async () => {
    expect(await lookAtMachine({}, await limits("256"))).toEqual([
      { code: "open_files_low", detail: "256 are allowed, 1024 should be" },
    ]);
    for (const open of ["1024", "1048576", "unlimited"])
      expect(await lookAtMachine({}, await limits(open))).toEqual([]);
    expect(await lookAtMachine({}, path.join(directory, "none"))).toEqual([]);
  });

  it("says when the file of further authorities cannot be read or holds none, which Node passes over", async () => {
    const many = await limits("1024");
    const found = async (name: string) => (await lookAtMachine({ NODE_EXTRA_CA_CERTS: name }, many))[0];
    const missing = path.join(directory, "none.pem");
    expect(await found(missing)).toEqual({ code: "authorities_unusable", detail: `${missing} (ENOENT)` });
    const page = await file("page.pem", "<html>");
    expect((await found(page))?.code).toBe("authorities_unusable");
    expect(await found(await file("good.pem", `# ours\n${authorityPem}${authorityPem}`))).toBeUndefined();
  });
});
