import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, FakeEngine, loopWith } from "../../../test/worker/fakes.js";
import { runFor } from "../../../test/worker/runFor.js";
import { createCommandEngine } from "../engines/command/engine.js";
import { EngineError } from "../engine/engine.js";
import { openFileStore } from "../store/fileStore.js";
import { addConnectionsCommand } from "./command.js";
import { createConnections } from "./resolve.js";
import { readValues } from "./values.js";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(tmpdir(), "connections-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs the command line with this standard input. */
async function run(argv: string[], input = "", env: Record<string, string> = { STATE_DIR: dir }) {
  const lines: string[] = [];
  const complaints: string[] = [];
  let code: number | null = null;
  const program = new Command("agent-factory-worker").exitOverride();
  addConnectionsCommand(
    program,
    {
      env,
      stdin: Readable.from([Buffer.from(input)]),
      print: (line) => lines.push(line),
      complain: (line) => complaints.push(line),
      now: () => 1_700_000_000_000,
    },
    (ended) => (code = ended),
  );
  await program.parseAsync(["node", "worker", "connections", ...argv]);
  return { code, lines, complaints: complaints.join("\n") };
}
const failureOf = async (work: Promise<unknown>): Promise<EngineError> => {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EngineError)) throw error;
  return error;
};

describe("the command line", () => {
  it("adds from standard input, lists without values, removes", async () => {
    expect(await run(["add", "crm"], '{"CRM_TOKEN":"tok-1","CRM_URL":"https://crm"}')).toMatchObject({
      code: 0,
      lines: ["crm: CRM_TOKEN, CRM_URL"],
    });
    await run(["add", "warehouse"], "# from the vault\nPGPASSWORD=a=b c\n\nPGHOST=db\n");
    const listed = await run(["list"]);
    expect(listed.lines).toEqual([
      "crm\tCRM_TOKEN, CRM_URL\t2023-11-14T22:13:20.000Z",
      "warehouse\tPGHOST, PGPASSWORD\t2023-11-14T22:13:20.000Z",
    ]);
    const store = await openFileStore(dir);
    expect((await store.find("warehouse"))?.values).toEqual({ PGPASSWORD: "a=b c", PGHOST: "db" });
    expect((await run(["remove", "crm"])).code).toBe(0);
    expect(await run(["remove", "crm"])).toMatchObject({
      code: 2,
      complaints: "connection is not found: crm",
    });
  });

  it.each([
    ["nothing", ""],
    ["a word", "hunter2hunter2"],
    ["a number", '{"CRM_TOKEN": 12345678}'],
    ["a small letter", "crm_token=hunter2hunter2"],
    ["a loader's variable", "LD_PRELOAD=hunter2hunter2"],
    ["the program's path", "PATH=hunter2hunter2"],
    ["an empty value", "CRM_TOKEN="],
    ["a name twice", "A=hunter2hunter2\nA=hunter2hunter2"],
  ])("refuses %s, changes nothing and repeats no value", async (_, input) => {
    const { code, complaints, lines } = await run(["add", "crm"], input);
    expect(code).toBe(2);
    expect(complaints).toMatch(/^The connection was not added:/);
    expect(complaints + lines.join("")).not.toMatch(/hunter2|12345678/);
    expect((await run(["list"])).lines).toEqual([]);
  });

  it("refuses names that cannot be registered, and says where there is no store", async () => {
    expect((await run(["add", "../CRM"], "A=b")).complaints).toContain("lower-case");
    expect((await run(["list"], "", {})).complaints).toContain("set STATE_DIR or STATE_DATABASE_URL");
    expect((await run(["list"], "", { STATE_DIR: "relative" })).complaints).toContain(
      "STATE_DIR is not valid",
    );
  });
});

describe("the values that are piped in", () => {
  it("keep everything after the first equals sign", () => {
    expect(readValues("A= x =y ")).toEqual({ ok: true, values: { A: " x =y " } });
  });
});

describe("looking up", () => {
  it("joins the variables of all, and says which two collide", async () => {
    const store = await openFileStore(dir);
    await store.put({ name: "one", values: { A: "1" }, updatedAt: 0 });
    await store.put({ name: "two", values: { B: "2" }, updatedAt: 0 });
    await store.put({ name: "three", values: { B: "3" }, updatedAt: 0 });
    const connections = createConnections(store);
    expect(await connections.variablesOf(["one", "two"])).toEqual({ A: "1", B: "2" });
    expect((await failureOf(connections.variablesOf(["two", "three"]))).message).toBe(
      'connections "two" and "three" both set B',
    );
  });

  it("after the store was lost says so and how to recreate it; a repeat may find it", async () => {
    for (const store of [await openFileStore(dir), null]) {
      const failure = await failureOf(createConnections(store).variablesOf(["crm"]));
      expect(failure.message).toMatch(/^connection is not found: "crm" is registered, but /);
      expect(failure.message).toContain("agent-factory-worker connections add crm");
      expect(failure.retryable).toBe(true);
    }
  });
});

describe("the engine", () => {
  const job = () => aJob("m1", { connections: [{ name: "crm", kind: "salesforce" }] });

  it("that is a program finds the values in its environment and nothing else new there", async () => {
    const program = "process.stdout.write(JSON.stringify(process.env))";
    const engine = createCommandEngine({
      argv: [process.execPath, "-e", program],
      env: { PATH: "/usr/bin", AGENT_TOKEN: "t" },
    });
    const { hydration, ...named } = job();
    const { text } = await engine.run({
      ...named,
      text: "q",
      history: hydration?.conversationState.contextHistory ?? [],
      metadata: {},
      connections: { CRM_TOKEN: "tok-1", PATH: "/evil" },
      signal: new AbortController().signal,
    });
    expect(JSON.parse(text)).toMatchObject({ CRM_TOKEN: "tok-1", PATH: "/usr/bin" });
    expect(text).not.toContain("AGENT_TOKEN");
  });

  describe("in the loop", () => {
    beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
    afterEach(() => void vi.useRealTimers());
    class Program extends FakeEngine {
      readonly takesConnections = true;
    }
    const found = { variablesOf: (names: readonly string[]) => Promise.resolve({ GOT: names.join() }) };

    it("gets the values of the names that the message was hydrated with", async () => {
      const world = loopWith([job(), aJob("m2")]);
      const engine = new Program();
      Object.assign(world.deps, { engine, connections: found });
      await runFor(world, 10);
      expect(engine.requests.map(({ connections }) => connections)).toEqual([{ GOT: "crm" }, undefined]);
    });

    it("is not given any when it cannot use them", async () => {
      const world = loopWith([job()]);
      const asked = vi.fn(found.variablesOf);
      Object.assign(world.deps, { connections: { variablesOf: asked } });
      await runFor(world, 10);
      expect([asked.mock.calls.length, world.engine.requests[0]?.connections]).toEqual([0, undefined]);
    });

    it("does not run without one that is missing: the message fails with the reason and is retried", async () => {
      const world = loopWith([job()]);
      const engine = new Program();
      Object.assign(world.deps, { engine });
      await runFor(world, 10);
      expect(engine.requests).toEqual([]);
      expect(world.transport.settles("m1")).toEqual([
        expect.stringMatching(/^fail:retry:connection is not found: "crm"/),
      ]);
    });
  });
});

it("keeps no value in the control plane's row: the contract has no place for one", async () => {
  const contract = await readFile(new URL("../../../src/contract/connections.ts", import.meta.url), "utf8");
  expect(contract).not.toMatch(/\b(values?|secret|token|password): v\./);
});
