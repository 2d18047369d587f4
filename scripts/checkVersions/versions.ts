/** Which versions of `convex` the peer range spans, and which Node each of them needs. */
import { z } from "zod";

const vPackage = z.object({ peerDependencies: z.object({ convex: z.string() }) });
const PEER_RANGE = /^\^(\d+\.\d+\.\d+)$/;
const ENGINE = /^>=(\d+)(?:\.\d+){0,2}$/;

/** @param packageJson the text of our `package.json`. Throws when its range is not of the form `^1.2.3`. */
export function peerRange(packageJson: string): { range: string; lowest: string } {
  const range = vPackage.parse(JSON.parse(packageJson)).peerDependencies.convex;
  const lowest = PEER_RANGE.exec(range)?.[1];
  if (lowest === undefined) throw new Error(`the peer range of convex is ${range}; write it as ^1.2.3`);
  return { range, lowest };
}

/** The newest release of what `npm view convex@RANGE version --json` prints; pre-releases do not count. */
export function newestOf(json: string): string {
  const printed = z.union([z.string(), z.array(z.string())]).parse(JSON.parse(json));
  const releases = [printed].flat().filter((version) => /^\d+\.\d+\.\d+$/.test(version));
  const newest = releases.sort(compare).at(-1);
  if (newest === undefined) throw new Error(`npm knows no release in the peer range of convex: ${json}`);
  return newest;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const at = left!.findIndex((part, index) => part !== right![index]);
  return at === -1 ? 0 : left![at]! - right![at]!;
}

/** The lowest major version of Node that `npm view convex@VERSION engines.node --json` names. */
export function neededNode(json: string): number {
  const engine = z.string().parse(JSON.parse(json));
  const major = ENGINE.exec(engine)?.[1];
  if (major === undefined)
    throw new Error(`convex asks for Node ${engine}, which is not of the form >=22.0.0`);
  return Number(major);
}
