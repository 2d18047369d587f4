import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lockDir } from "./dirLock.js";
import { openFileStore } from "./fileStore.js";
import { openOwnState } from "./ownState.js";
import { openPostgresStore } from "./postgresStore.js";
import { StoreError, type OwnStore } from "./store.js";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(tmpdir(), "own-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

let database: PGlite;
let server: PGLiteSocketServer;
let url: string;
beforeAll(async () => {
  database = await PGlite.create();
  server = new PGLiteSocketServer({ db: database, host: "127.0.0.1", port: 0, maxConnections: 10 });
  await server.start();
  url = `postgres://postgres:s3cret@${server.getServerConn()}/postgres`;
}, 30_000);
afterAll(async () => {
  await server.stop();
  await database.close();
});

const crm = {
  name: "crm",
  values: { CRM_TOKEN: "a\"'b\n$1", CRM_URL: "https://x" },
  updatedAt: 1_700_000_000_000,
};

describe.each([
  ["a file", () => openFileStore(dir)],
  ["PostgreSQL, over the wire", () => openPostgresStore(url)],
])("the store in %s", (_, open) => {
  let store: OwnStore;
  beforeEach(async () => void (store = await open()));
  afterEach(async () => {
    for (const { name } of await store.list()) await store.remove(name);
    await store.close();
  });

  it("keeps connections across a restart, lists them without values and removes them", async () => {
    expect([await store.find("crm"), await store.list(), await store.remove("crm")]).toEqual([
      null,
      [],
      false,
    ]);
    await store.put(crm);
    await store.put({ ...crm, name: "analytics" });
    await store.put({ ...crm, values: { CRM_TOKEN: "new" }, updatedAt: 1_700_000_000_001 });
    await store.close();
    store = await open();
    expect(await store.find("crm")).toEqual({
      ...crm,
      values: { CRM_TOKEN: "new" },
      updatedAt: 1_700_000_000_001,
    });
    expect(await store.find("analytics")).toEqual({ ...crm, name: "analytics" });
    expect(await store.list()).toEqual([
      { name: "analytics", variables: ["CRM_TOKEN", "CRM_URL"], updatedAt: crm.updatedAt },
      { name: "crm", variables: ["CRM_TOKEN"], updatedAt: 1_700_000_000_001 },
    ]);
    expect(await store.remove("crm")).toBe(true);
    expect(await store.find("crm")).toBeNull();
  });
});

const kindOf = async (opening: Promise<OwnStore>): Promise<string> => {
  const error: unknown = await opening.then(
    () => new Error("it opened"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw error;
  expect(error.message).not.toMatch(/s3cret/);
  return error.kind;
};

describe("the file", () => {
  const file = () => path.join(dir, "own.json");

  it("is for its owner's eyes, and what another process adds is seen at once", async () => {
    const worker = await openFileStore(dir);
    const commandLine = await openFileStore(dir);
    await commandLine.put(crm);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await worker.find("crm")).toEqual(crm);
  });

  it("of a later version, or that is no store, is left alone", async () => {
    await writeFile(file(), '{"version":99,"connections":{}}');
    expect(await kindOf(openFileStore(dir))).toBe("newer");
    await writeFile(file(), "not JSON");
    expect(await kindOf(openFileStore(dir))).toBe("unreadable");
    expect(await readFile(file(), "utf8")).toBe("not JSON");
  });

  it("of the empty layout is migrated", async () => {
    await writeFile(file(), '{"version":0}');
    await openFileStore(dir);
    expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ version: 1, connections: {} });
  });
});

describe("the database", () => {
  it("is migrated once, also by workers that start together", async () => {
    const stores = await Promise.all([
      openPostgresStore(url),
      openPostgresStore(url),
      openPostgresStore(url),
    ]);
    await Promise.all(stores.map((store) => store.close()));
    const { rows } = await database.query("SELECT version FROM agent_factory_migrations");
    expect(rows).toEqual([{ version: 1 }]);
  });

  it("of a later version is left alone", async () => {
    await database.query("INSERT INTO agent_factory_migrations (version) VALUES (99)");
    try {
      expect(await kindOf(openPostgresStore(url))).toBe("newer");
    } finally {
      await database.query("DELETE FROM agent_factory_migrations WHERE version = 99");
    }
  });

  it("that is not there is named without the password", async () => {
    expect(await kindOf(openPostgresStore("postgres://u:s3cret@127.0.0.1:1/x"))).toBe("unavailable");
  });
});

describe("a worker's own state", () => {
  const log = pino({ level: "silent" });
  const env = (more: Record<string, string> = {}) => ({
    WORKER_ID: "w1",
    BASE_INTERNAL_URL: "https://a.example/agent-factory",
    ENGINE: "echo" as const,
    STATE_DIR: undefined,
    STATE_DATABASE_URL: undefined,
    ...more,
  });

  it("lies in STATE_DIR, else beside a stateful engine's memory, else nowhere", async () => {
    const chosen = await openOwnState(env({ STATE_DIR: path.join(dir, "mine") }), log, null);
    await chosen.close();
    const beside = await openOwnState(
      { ...env(), ENGINE: "command", COMMAND_STATEFUL: "true", DATA_DIR: dir },
      log,
      null,
    );
    await beside.close();
    const nowhere = await openOwnState(env(), log, null);
    expect(nowhere.store).toBeNull();
    await nowhere.close();
    const kept = ["answers.journal", "instance", "lock.1", "own.json"];
    expect((await readdir(path.join(dir, "mine"))).sort()).toEqual(kept);
    expect((await readdir(path.join(dir, ".agent-factory", "own"))).sort()).toEqual(kept);
  });

  it("names the process: the same after a restart in its directory, another one everywhere else", async () => {
    const names = [];
    for (const STATE_DIR of [path.join(dir, "mine"), path.join(dir, "mine"), path.join(dir, "other")]) {
      const own = await openOwnState(env({ STATE_DIR }), log, null);
      names.push(own.instance);
      await own.close();
    }
    for (let start = 0; start < 2; start += 1) names.push((await openOwnState(env(), log, null)).instance);
    expect(names[1]).toBe(names[0]);
    expect(new Set(names).size).toBe(4);
  });

  it("without one the temporary directory keeps the name for the next start, and a process beside it has its own", async () => {
    const start = (fields: Partial<ReturnType<typeof env>> = {}) =>
      openOwnState({ ...env(), ...fields }, log, dir);
    const first = await start();
    const beside = await start();
    const other = await start({ WORKER_ID: "w2" });
    expect(new Set([first.instance, beside.instance, other.instance]).size).toBe(3);
    await first.close();
    const again = await start();
    expect(again.instance).toBe(first.instance);
    for (const own of [beside, other, again]) await own.close();
  });

  it("is not looked for where somebody else may have made it", async () => {
    const place = path.join(dir, `agent-factory-worker-${process.getuid?.() ?? 0}`);
    await mkdir(path.join(dir, "theirs"));
    await symlink(path.join(dir, "theirs"), place);
    const names = [];
    for (let start = 0; start < 2; start += 1) {
      const own = await openOwnState(env(), log, dir);
      names.push(own.instance);
      await own.close();
    }
    expect(names[0]).not.toBe(names[1]);
    expect(await readdir(path.join(dir, "theirs"))).toEqual([]);
  });

  it(
    "is taken over by one of many that find a killed one's lock at the same moment",
    { timeout: 60_000 },
    async () => {
      await mkdir(dir, { recursive: true });
      await writeFile(path.join(dir, "lock"), "999999999 1");
      const taker = path.join(import.meta.dirname, "../../../test/worker/lockTaker.ts");
      const takers = Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, ["--import", "tsx", taker, dir]),
      );
      const taken = (await Promise.all(takers)).map(({ stdout }) => Number(stdout));
      // Each one printed how often it had the lock; one that met another under the lock would have failed.
      expect(taken.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20);
      expect((await readdir(dir)).filter((name) => name.startsWith("lock"))).toHaveLength(1);
    },
  );

  it("belongs to one running worker; a killed one's lock is no lock", async () => {
    const first = await openOwnState(env({ STATE_DIR: dir }), log, null);
    await expect(openOwnState(env({ STATE_DIR: dir }), log, null)).rejects.toMatchObject({
      code: "state_dir_unusable",
      message: expect.stringContaining(`in use by the running process ${process.pid}`) as string,
    });
    await first.close();
    for (const killed of ["999999999 1", `${process.pid} 1`, "", "rubbish"]) {
      await writeFile(path.join(dir, "lock"), killed);
      lockDir(dir)();
    }
    await (await openOwnState(env({ STATE_DIR: dir }), log, null)).close();
  });

  it.each([
    ["state_dir_unusable", async () => ({ STATE_DIR: await aFile() })],
    [
      "store_unusable",
      () => Promise.resolve({ STATE_DIR: dir, STATE_DATABASE_URL: "postgres://u:p@127.0.0.1:1/x" }),
    ],
  ])("that cannot be used is the fault %s, and nothing stays locked", async (code, faulty) => {
    await expect(openOwnState(env(await faulty()), log, null)).rejects.toMatchObject({ code });
    await (await openOwnState(env({ STATE_DIR: dir }), log, null)).close();
  });

  async function aFile(): Promise<string> {
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, "a-file"), "");
    return path.join(dir, "a-file");
  }
});
