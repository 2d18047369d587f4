import { describe, expect, it } from "vitest";
import type { ValidatorJson } from "../../deployment/validatorJson.js";
import type { DeployedFunction, DeployedModule, DeployedTable, DeployUnit, Rule } from "../deployUnit.js";
import { clashes } from "./clashes.js";
import { crons } from "./crons.js";
import { functions } from "./functions.js";
import { loading, moduleScopeEffects } from "./loading.js";
import { modulePaths } from "./modulePaths.js";
import { schema } from "./schema.js";
import { sourceFaults } from "./sources.js";

const object = (fields: Record<string, ValidatorJson> = {}): ValidatorJson => ({
  type: "object",
  value: Object.fromEntries(
    Object.entries(fields).map(([name, fieldType]) => [name, { fieldType, optional: false }]),
  ),
});
const fn = (over: Partial<DeployedFunction> = {}): DeployedFunction => ({
  name: "go",
  kind: "Mutation",
  visibility: "public",
  args: object(),
  returns: { type: "null" },
  ...over,
});
const module = (path: string, over: Partial<DeployedModule> = {}): DeployedModule => ({
  path,
  environment: "isolate",
  error: null,
  functions: [],
  crons: null,
  isRouter: false,
  ...over,
});
const unit = (modules: DeployedModule[], over: Partial<DeployUnit> = {}): DeployUnit => ({
  name: "c",
  isComponent: true,
  modules,
  schema: null,
  errors: [],
  ...over,
});
const messages = (rule: Rule, given: DeployUnit) =>
  rule(given).map((fault) => `${fault.where}: ${fault.message}`);
const withFunction = (over: Partial<DeployedFunction>) => unit([module("lib.js", { functions: [fn(over)] })]);

describe("module paths", () => {
  it("accepts nested names with dots and underscores", () => {
    expect(messages(modulePaths, unit([module("queue/sweep_leases.v2.js")]))).toEqual([]);
  });
  it.each([
    ["a-b/x.js", '"a-b"'],
    [`${"a".repeat(65)}/x.js`, "longer than 64"],
    ["___/x.js", "needs a letter"],
    ["_system/x.js", "reserved"],
  ])("refuses %s", (path, why) => {
    expect(messages(modulePaths, unit([module(path)])).join()).toContain(why);
  });
});

describe("functions", () => {
  it("accepts a public function with both validators in lib, and internal ones without", () => {
    expect(messages(functions, withFunction({}))).toEqual([]);
    const internal = fn({ visibility: "internal", args: null, returns: null });
    expect(messages(functions, unit([module("queue/x.js", { functions: [internal] })]))).toEqual([]);
  });
  it.each<[string, Partial<DeployedFunction>, string]>([
    ["a hyphen in the name", { name: "a-b" }, "not an identifier"],
    ["a long name", { name: "a".repeat(65) }, "longer than 64"],
    ["no visibility", { visibility: null }, "neither public nor internal"],
    ["no args", { args: null }, "has no args validator"],
    ["any args", { args: { type: "any" } }, "has no args validator"],
    ["no returns", { returns: null }, "has no returns validator"],
    ["union args", { args: { type: "union", value: [] } }, "must be an object validator"],
    ["a circular import", { returns: { error: "validator is undefined" } }, "validator is undefined"],
    ["a hyphenated field", { args: object({ "a-b": { type: "null" } }) }, 'field "a-b"'],
    [
      "a literal-keyed record, deep inside",
      {
        returns: {
          type: "array",
          value: {
            type: "record",
            keys: { type: "literal", value: "x" },
            values: { fieldType: { type: "null" }, optional: true },
          },
        },
      },
      "record keys",
    ],
  ])("refuses %s", (_, over, why) => {
    expect(messages(functions, withFunction(over)).join()).toContain(why);
  });
  it("asks an app for args only", () => {
    const app = (over: Partial<DeployedFunction>) => ({ ...withFunction(over), isComponent: false });
    expect(messages(functions, app({ returns: null }))).toEqual([]);
    expect(messages(functions, app({ args: null })).join()).toContain("has no args validator");
  });
  it("refuses a public function outside lib, in a component only", () => {
    const modules = [module("queue/claim.js", { functions: [fn()] })];
    expect(messages(functions, unit(modules)).join()).toContain("registered in lib.js only");
    expect(messages(functions, unit(modules, { isComponent: false }))).toEqual([]);
  });
  it("leaves the style of a package's component to its authors, not what a deployment refuses", () => {
    const named = { name: "../../node_modules/p/dist/component" };
    expect(
      messages(functions, unit([module("a.js", { functions: [fn({ returns: null })] })], named)),
    ).toEqual([]);
    const bad = module("a.js", { functions: [fn({ args: { type: "string" } })] });
    expect(messages(functions, unit([bad], named)).join()).toContain("args must be an object validator");
  });
});

describe("clashes", () => {
  const clashing = (visibility: "public" | "internal") =>
    unit([
      module("foo.js", { functions: [fn({ name: "bar" })] }),
      module("foo/bar.js", { functions: [fn({ visibility })] }),
    ]);
  it("refuses foo:bar beside public functions of foo/bar", () => {
    expect(messages(clashes, clashing("public"))).toEqual([
      "c foo.js:bar: has the same address as the public functions of foo/bar.js",
    ]);
  });
  it("accepts foo:bar beside internal functions of foo/bar", () => {
    expect(messages(clashes, clashing("internal"))).toEqual([]);
  });
});

describe("crons", () => {
  const modules = (target: string) => [
    module("crons.js", { crons: { sweep: target } }),
    module("queue/sweep.js", { functions: [fn({ name: "run" }), fn({ name: "look", kind: "Query" })] }),
  ];
  it("accepts an existing mutation and refuses anything else", () => {
    expect(messages(crons, unit(modules("queue/sweep:run")))).toEqual([]);
    expect(messages(crons, unit(modules("queue/sweep:gone"))).join()).toContain("does not exist");
    expect(messages(crons, unit(modules("queue/sweep:look"))).join()).toContain("the query");
  });
  it("refuses a crons file without a cron table and an unprintable name", () => {
    expect(messages(crons, unit([module("crons.js")])).join()).toContain("cronJobs()");
    const odd = unit([module("crons.js", { crons: { "sweep\u00e9": "a:b" } })]);
    expect(messages(crons, odd).join()).toContain("printable ASCII");
  });
});

describe("loading", () => {
  it("refuses a module that throws, one marked for Node, and an http file without a router", () => {
    const modules = [
      module("a.js", { error: "Error: no key" }),
      module("b.js", { environment: "node" }),
      module("http.js"),
    ];
    expect(messages(loading, unit(modules, { errors: [{ part: "schema", error: "boom" }] }))).toEqual([
      "c schema: boom",
      "c a.js: does not import: Error: no key",
      'c b.js: must not be marked "use node"',
      "c http.js: must default-export an HTTP router",
    ]);
    expect(messages(loading, unit([module("http.js", { isRouter: true })]))).toEqual([]);
  });
  it("names the module that used the clock while loading", () => {
    expect(
      moduleScopeEffects([{ what: "Date.now()", at: "unit1/functions/a/b.js:3:4" }], () => "c")[0],
    ).toMatchObject({
      where: "c a/b.js",
    });
  });
});

describe("schema", () => {
  const table = (over: Partial<DeployedTable> = {}): DeployUnit =>
    unit([], {
      schema: {
        schemaValidation: true,
        tables: [
          {
            tableName: "jobs",
            indexes: [],
            stagedDbIndexes: [],
            searchIndexes: [],
            vectorIndexes: [],
            documentType: object({ a: { type: "string" }, b: object({ c: { type: "null" } }) }),
            ...over,
          },
        ],
      },
    });
  const indexes = (...list: [string, string[]][]) =>
    table({ indexes: list.map(([indexDescriptor, fields]) => ({ indexDescriptor, fields })) });

  it("accepts distinct indexes over known fields, also nested ones", () => {
    expect(messages(schema, indexes(["by_a", ["a"]], ["by_a_c", ["a", "b.c"]]))).toEqual([]);
  });
  it.each<[string, DeployUnit, string]>([
    ["a table name with a hyphen", table({ tableName: "a-b" }), "not an identifier"],
    ["a table name with a leading underscore", table({ tableName: "_jobs" }), "may not start with _"],
    ["equal field lists", indexes(["x", ["a"]], ["y", ["a"]]), "x and y have the same fields a"],
    ["two indexes of one name", indexes(["x", ["a"]], ["x", ["b"]]), "declared twice"],
    ["_creationTime", indexes(["x", ["a", "_creationTime"]]), "must not name _creationTime"],
    ["_id", indexes(["x", ["_id"]]), "must not name _id"],
    ["a reserved name", indexes(["by_id", ["a"]]), "reserved name"],
    ["a field twice", indexes(["x", ["a", "a"]]), "names a field twice"],
    ["no fields", indexes(["x", []]), "has no fields"],
    ["17 fields", indexes(["x", Array.from({ length: 17 }, (_, i) => `f${i}`)]), "has 17 fields"],
    [
      "33 indexes",
      indexes(...Array.from({ length: 33 }, (_, i): [string, string[]] => [`x${i}`, ["a"]])),
      "has 33 indexes",
    ],
    ["an unknown field", indexes(["x", ["b.d"]]), "unknown field b.d"],
  ])("refuses %s", (_, given, why) => {
    expect(messages(schema, given).join()).toContain(why);
  });
});

describe("sources", () => {
  const rules = (text: string, path = "queue/x.ts", isComponent = true) =>
    sourceFaults({ path, text, isComponent }).map((fault) => fault.rule);
  it.each([
    ['"use node";', "useNode"],
    ['import fs from "fs";', "nodeBuiltin"],
    ['import { x } from "node:crypto";', "nodeBuiltin"],
    ['export * from "node:path/posix";', "nodeBuiltin"],
    ["ctx.db.query('t').paginate(opts);", "paginate"],
    ["await ctx.auth.getUserIdentity();", "auth"],
    ["crypto.subtle.generateKey(a, true, []);", "generateKey"],
    ['import { query as q } from "../_generated/server.js";', "publicBuilder"],
    ['import { mutationGeneric } from "convex/server";', "publicBuilder"],
  ])("refuses %s", (text, rule) => {
    expect(rules(text)).toEqual([rule]);
  });
  it("accepts lookalikes: comments, strings, types, internal builders, lib.ts itself", () => {
    expect(rules('// ctx.auth\nconst s = ".paginate(";')).toEqual([]);
    expect(rules('import type { Stats } from "node:fs";')).toEqual([]);
    expect(rules('import { AsyncLocalStorage } from "node:async_hooks";')).toEqual([]);
    expect(rules('import { internalMutation } from "../_generated/server.js";')).toEqual([]);
    expect(rules('import { query } from "./_generated/server.js";', "lib.ts")).toEqual([]);
  });
  it("leaves ctx.auth and public builders to the app", () => {
    expect(rules('import { query } from "./_generated/server.js";\nctx.auth;', "app.ts", false)).toEqual([]);
  });
});
