import {
  actionGeneric,
  componentsGeneric,
  createFunctionHandle,
  internalQueryGeneric,
  mutationGeneric,
  queryGeneric,
  type FunctionReference,
} from "convex/server";
import { v } from "convex/values";
import { expect, it } from "vitest";
import { deploy, modulesOf } from "./deployment.testing.js";

type Query = FunctionReference<"query", "public" | "internal">;
type Mutation = FunctionReference<"mutation", "public" | "internal">;
type Lib = { lib: Record<string, never> };
const children = componentsGeneric() as unknown as Record<string, Lib & Record<string, Lib>>;
const child = (name: string, instance = "child") =>
  children[instance]!.lib[name] as unknown as Query & Mutation;
const anything = { args: v.any() };

/** Of the component, installed twice, with another one inside. */
const lib = {
  open: queryGeneric({ ...anything, handler: () => Promise.resolve("open") }),
  secret: internalQueryGeneric({ ...anything, handler: () => Promise.resolve("secret") }),
  handle: mutationGeneric({
    ...anything,
    handler: () => createFunctionHandle("lib:secret" as unknown as Query),
  }),
  add: mutationGeneric({ ...anything, handler: (ctx) => ctx.db.insert("rows", {}) }),
  get: queryGeneric({
    ...anything,
    handler: async (ctx, { id }: { id: never }) => (await ctx.db.get(id))?._id ?? null,
  }),
  normalize: queryGeneric({
    ...anything,
    handler: (ctx, { id }: { id: string }) => Promise.resolve(ctx.db.normalizeId("rows", id)),
  }),
  pages: queryGeneric({
    ...anything,
    handler: (ctx) => ctx.db.query("rows").paginate({ numItems: 1, cursor: null }),
  }),
  who: queryGeneric({
    ...anything,
    handler: async (ctx) => ({ ...(await ctx.meta.getFunctionMetadata()), mode: process.env.MODE ?? null }),
  }),
  up: mutationGeneric({
    ...anything,
    handler: (ctx, { handle }: { handle: string }) => ctx.runMutation(handle as unknown as Mutation, {}),
  }),
};
const app = {
  call: queryGeneric({
    ...anything,
    handler: (ctx, { name, instance, ...args }: { name: string; instance?: string }) =>
      ctx.runQuery(child(name, instance), args),
  }),
  change: mutationGeneric({
    ...anything,
    handler: (ctx, { name, instance, ...args }: { name: string; instance?: string }) =>
      ctx.runMutation(child(name, instance), args),
  }),
  grandchild: queryGeneric({
    ...anything,
    handler: (ctx) => ctx.runQuery(children.child!.inner!.lib.open as unknown as Query, {}),
  }),
  byHandle: queryGeneric({
    ...anything,
    handler: (ctx, { handle }: { handle: string }) => ctx.runQuery(handle as unknown as Query, {}),
  }),
  back: mutationGeneric({
    ...anything,
    handler: async (ctx) => {
      const handle = await createFunctionHandle("f:own" as unknown as Mutation);
      return ctx.runMutation(child("up"), { handle } as never);
    },
  }),
  own: mutationGeneric({ ...anything, handler: (ctx) => ctx.db.insert("rows", {}) }),
  page: queryGeneric({
    ...anything,
    handler: (ctx, { cursor }: { cursor: string | null }) =>
      ctx.db.query("rows").paginate({ numItems: 2, cursor }),
  }),
  act: actionGeneric({
    ...anything,
    handler: (ctx, { name }: { name: string }) => ctx.runQuery(child(name), {}),
  }),
};
const world = () => {
  const modules = modulesOf({ lib });
  const at = (path: string, mode?: string) => ({ path, modules, env: { MODE: mode } });
  return deploy(app, { components: [at("child", "first"), at("other"), at("child/inner")] });
};

it("reach public functions of their children, and neither internal ones nor grandchildren", async () => {
  const { run } = await world();
  expect(await run("call", { name: "open" })).toBe("open");
  await expect(run("call", { name: "secret" })).rejects.toThrow(
    "Couldn't resolve _reference/childComponent/child/lib/secret",
  );
  await expect(run("act", { name: "secret" })).rejects.toThrow("Couldn't resolve");
  await expect(run("grandchild")).rejects.toThrow("Couldn't resolve");
});

it("reach everything that they are given a handle of, upwards too", async () => {
  const { run, rows, engine } = await world();
  const handle = (await run("change", { name: "handle" })) as string;
  expect(await run("byHandle", { handle })).toBe("secret");
  await run("back");
  expect(rows("rows")).toHaveLength(1);
  expect(engine.documents("child", "rows")).toEqual([]);
});

it("have tables of their own: an id of the same table of another instance is none here", async () => {
  const { run } = await world();
  const id = (await run("change", { name: "add" })) as string;
  expect(await run("call", { name: "get", id })).toBe(id);
  expect(await run("call", { name: "normalize", id })).toBe(id);
  expect(await run("call", { name: "normalize", instance: "other", id })).toBeNull();
  await expect(run("call", { name: "get", instance: "other", id })).rejects.toThrow(
    "no ID of a table of this component",
  );
});

it("know who they are and have an environment of their own", async () => {
  const { run } = await world();
  expect(await run("call", { name: "who" })).toEqual({
    name: "lib:who",
    componentPath: "child",
    mode: "first",
    type: "query",
    visibility: "public",
  });
  expect(await run("call", { name: "who", instance: "other" })).toMatchObject({
    componentPath: "other",
    mode: null,
  });
});

it("may not paginate; the app may, each page after the one before", async () => {
  const { run } = await world();
  await expect(run("call", { name: "pages" })).rejects.toThrow("paginate() is only supported in the app.");
  for (let n = 0; n < 5; n += 1) await run("own");
  const sizes: number[] = [];
  const seen = new Set<unknown>();
  for (let cursor: string | null = null, isDone = false; !isDone;) {
    const page = (await run("page", { cursor })) as {
      page: { _id: string }[];
      isDone: boolean;
      continueCursor: string;
    };
    sizes.push(page.page.length);
    for (const { _id } of page.page) seen.add(_id);
    ({ continueCursor: cursor, isDone } = page);
  }
  expect([sizes, seen.size]).toEqual([[2, 2, 1], 5]);
});
