/** Asks the Convex CLI for the push request of a project: all bundling checks, no deployment. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { convexCli } from "./convexCli.js";
import { parsePushRequest, type PushRequest } from "./pushRequest.js";

export type Bundling = { readonly request: PushRequest } | { readonly refusal: string };

/** `refusal` holds the CLI's own words when it would not bundle. Nothing listens on the URL: nothing is sent. */
export async function pushRequestOf(project: string, signal?: AbortSignal): Promise<Bundling> {
  const directory = await mkdtemp(path.join(tmpdir(), "agent-factory-deploy-"));
  try {
    const file = path.join(directory, "push");
    const { code, output } = await convexCli(
      [
        "deploy",
        ...["--url", "http://127.0.0.1:1", "--admin-key", "offline", "--write-push-request", file],
        ...["--push-all-modules", "--codegen", "disable", "--typecheck", "disable", "-y"],
      ],
      project,
      signal,
    );
    if (code !== 0) return { refusal: output.trim() };
    return { request: parsePushRequest(await readFile(`${file}.json`, "utf8")) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
