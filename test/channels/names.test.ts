/** Nothing outside a channel's folders names a channel: adding one is a folder and a line on each side. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { channels } from "../../src/core/channels/registry.js";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** The app's own name is an ordinary word: it counts where it is a literal. */
const namesOf = (kind: string): RegExp => (kind === "app" ? /"app"/ : new RegExp(kind, "i"));

/** A channel's own folders, and the lines that list them. */
const OF_A_CHANNEL = [
  /^src\/core\/channels\/[a-z]+\//,
  /^src\/policy\/[a-z]+\//,
  /^src\/client\/[a-z]+\//,
  /^worker\/src\/channels\/[a-z]+\//,
].map((folder) => folder.source.replace("[a-z]+", "KIND"));
const REGISTRIES = [
  "src/core/channels/registry.ts",
  "src/client/webhooks.ts",
  "worker/src/channels/registry.ts",
];

/** What 1.0.11 has fixed, what Convex wants at a certain place, and what is generated. Each with its reason. */
const AT_THE_EDGE: Record<string, string> = {
  "src/policy/compat/": "names of 1.0.11 in arguments and results, translated",
  "src/core/compat/": "bodies of functions that 1.0.11 named after its channel",
  "src/contract/telegram.ts": "rows of functions that 1.0.11 named after its channel",
  "src/contract/identity.ts": "arguments and results of 1.0.11",
  "src/contract/attachments.ts": "a field of 1.0.11, and a platform's limit as the source of a number",
  "src/contract/views.ts": "results of 1.0.11",
  "src/contract/queue.ts": "the token in the hydration bundle, which the published image reads",
  "src/contract/audit.ts": "words of a row",
  "src/contract/gateway.ts": "a platform's limit as the source of a number",
  "src/contract/paths.ts": "the webhook's path, which bots have been told",
  "src/contract/errors.ts": "codes of 1.0.11",
  "src/contract/policies.ts": "the policies of a channel are a group of its name",
  "src/contract/defaultPolicies.ts": "the same",
  "src/component/lib.ts": "generated from the contract",
  "src/component/telegram.ts": "Convex wants a channel's actions registered in this folder",
  "src/component/convex.config.ts": "Convex wants a component's variables here",
  "src/core/inline.ts": "generated from the contract",
  "src/core/ops/readiness.ts": "a function that 1.0.11 has under two names",
  "src/core/intake/parkedUpdates.ts": "binds rows of contract/telegram.ts",
  "src/client/index.ts": "exports of 1.0.11",
  "src/client/routes.ts": "exports of 1.0.11",
  "src/client/surface/": "functions that 1.0.11 named after its channel",
  "worker/src/logging.ts": "a field that never reaches a log",
};

const sources = ["src", "worker/src"]
  .flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
      (file) => `${folder}/${file}`,
    ),
  )
  .filter((file) => /\.tsx?$/.test(file) && !/_generated\/|\.generated\.ts$|\.test\.ts$/.test(file));
const naming = (kind: string): string[] =>
  sources.filter((file) => namesOf(kind).test(readFileSync(path.join(ROOT, file), "utf8")));
const isOwn = (file: string, kind: string): boolean =>
  REGISTRIES.includes(file) ||
  OF_A_CHANNEL.some((folder) => new RegExp(folder.replace("KIND", kind)).test(file));
const edgeOf = (file: string): string | undefined =>
  Object.keys(AT_THE_EDGE).find((edge) => (edge.endsWith("/") ? file.startsWith(edge) : file === edge));

describe.each(Object.keys(channels))("the channel '%s'", (kind) => {
  it("is named in its folders, in the registries and at the edge to 1.0.11, and nowhere else", () => {
    const elsewhere = naming(kind).filter((file) => !isOwn(file, kind) && edgeOf(file) === undefined);
    expect(elsewhere).toEqual([]);
  });
});

it("has no entry for the edge that is needed no more", () => {
  const needed = new Set(Object.keys(channels).flatMap((kind) => naming(kind).map(edgeOf)));
  expect(Object.keys(AT_THE_EDGE).filter((edge) => !needed.has(edge))).toEqual([]);
});

it("there is something to look through", () => {
  expect(sources.length).toBeGreaterThan(400);
  expect(naming("telegram").length).toBeGreaterThan(20);
});
