/** The store against what it meets at sites: a real server, a real pooler, TLS, missing rights, restarts, standbys. */
import pg from "pg";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { authorityPem } from "../../../test/worker/certificates.js";
import {
  hasPgBouncer,
  hasPostgres,
  startPgBouncer,
  startPostgres,
} from "../../../test/worker/realPostgres.js";
import { createConnections } from "../connections/resolve.js";
import { postgresFailure } from "./postgresErrors.js";
import { openPostgresStore } from "./postgresStore.js";
import { readPostgresUrl } from "./postgresUrl.js";
import type { OwnStore } from "./store.js";

const crm = { name: "crm", values: { CRM_TOKEN: "t" }, updatedAt: 1 };

describe("a PostgreSQL URL", () => {
  const place = (url: string, env = {}): unknown => readPostgresUrl(url, env);
  it("is read as libpq reads it", () => {
    expect(place("postgres://me:p%40ss@db.internal/agent")).toEqual({
      hosts: [{ host: "db.internal", port: 5432 }],
      user: "me",
      password: "p@ss",
      database: "agent",
      sslmode: "prefer",
      sessions: "any",
    });
    expect(
      place("postgresql://me@a.test:1,b.test,[::1]:3/db?target_session_attrs=read-write&sslmode=verify-full"),
    ).toMatchObject({
      hosts: [
        { host: "a.test", port: 1 },
        { host: "b.test", port: 5432 },
        { host: "::1", port: 3 },
      ],
      sslmode: "verify-full",
      sessions: "read-write",
    });
    expect(place("postgres://me@%2Fvar%2Frun%2Fpostgresql/db")).toMatchObject({
      hosts: [{ host: "/var/run/postgresql", port: 5432 }],
    });
    expect(place("postgres:///db?host=/tmp,b.test&port=1,2&user=me")).toMatchObject({
      hosts: [
        { host: "/tmp", port: 1 },
        { host: "b.test", port: 2 },
      ],
      user: "me",
    });
    expect(place("postgres://h/db", { PGSSLMODE: "require", PGTARGETSESSIONATTRS: "primary" })).toMatchObject(
      {
        sslmode: "require",
        sessions: "primary",
      },
    );
    expect(place("postgres://h/db?sslmode=disable", { PGSSLMODE: "require" })).toMatchObject({
      sslmode: "disable",
    });
  });
  it.each([
    ["db.internal:5432", "must be a PostgreSQL URL"],
    ["mysql://h/db", "must be a PostgreSQL URL"],
    ["postgres://h:port/db", "must be a PostgreSQL URL"],
    ["postgres://h:70000/db", "must be a PostgreSQL URL"],
    ["postgres://h/db?sslmode=verify", "has a sslmode that is none of"],
    ["postgres://h/db?target_session_attrs=master", "has a target_session_attrs that is none of"],
  ])("%s is refused with the reason", (url, reason) => {
    expect(place(url)).toContain(reason);
  });
});

describe("what a server says", () => {
  const said = (code: string, message = "") =>
    postgresFailure(Object.assign(new Error(message), { code, severity: "FATAL" }));
  it.each([
    "53300",
    "53400",
    "57P01",
    "57P02",
    "57P03",
    "57014",
    "08006",
    "08003",
    "40001",
    "40P01",
    "25006",
    "58030",
    "XX000",
  ])("%s may pass", (code) => expect(said(code).transient).toBe(true));
  it.each(["28P01", "28000", "3D000", "3F000", "42501", "57P04", "0A000", "42P01", "26000"])(
    "%s stays",
    (code) => expect(said(code).transient).toBe(false),
  );
  it.each([
    ["unsupported startup parameter: options", false, "leave `options` out"],
    ["no such database: agent", false, "no such database"],
    ["password authentication failed", false, "refuses user or password"],
    ["pgbouncer cannot connect to server", true, "the connection failed"],
    ["query_wait_timeout", true, "the connection failed"],
    ["no more connections allowed (max_client_conn)", true, "the connection failed"],
  ])("of PgBouncer's 08P01 the words count: %s", (words, transient, why) => {
    const failure = said("08P01", words);
    expect(failure.transient).toBe(transient);
    expect(failure.message).toContain(why);
  });
});

const title = (what: string, real: boolean): string =>
  real ? `${what}, a real one` : `${what}: not installed here, so nothing of it was tried`;
const cleaned: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaned.splice(0).reverse()) await clean();
});
async function opened(url: string, env: Record<string, string> = {}): Promise<OwnStore> {
  const store = await openPostgresStore(url, { env });
  cleaned.push(() => store.close());
  return store;
}
const refused = (url: string, env: Record<string, string> = {}): Promise<string> =>
  opened(url, env).then(
    () => "it opened",
    (error: Error) => error.message,
  );

describe.skipIf(!hasPostgres)(title("PostgreSQL", hasPostgres), () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let root: pg.Client;
  const sql = (text: string) => root.query(text);
  const connectRoot = async (): Promise<void> => {
    root = new pg.Client(server.url());
    root.on("error", () => undefined);
    await root.connect();
  };
  beforeAll(async () => {
    server = await startPostgres(
      "hostssl all only_tls all trust\nhostnossl all only_plain all trust\nhost all only_tls,only_plain all reject",
    );
    await connectRoot();
    await sql(
      "CREATE ROLE only_tls LOGIN; CREATE ROLE only_plain LOGIN; CREATE ROLE reader LOGIN PASSWORD 's3cret'",
    );
    await sql(
      "CREATE ROLE few LOGIN PASSWORD 's3cret' CONNECTION LIMIT 0; CREATE ROLE stranger LOGIN PASSWORD 's3cret'",
    );
    await (await openPostgresStore(server.url())).close();
    await sql(
      "GRANT SELECT, INSERT, UPDATE, DELETE ON agent_factory_connections TO only_tls, only_plain, reader; " +
        "GRANT SELECT ON agent_factory_migrations TO only_tls, only_plain, reader",
    );
    writeFileSync(path.join(server.directory, "authority.pem"), authorityPem);
  }, 60_000);
  afterAll(async () => {
    await root.end();
    await server.remove();
  });

  it("a user who may only read and write the tables is enough once they exist", async () => {
    const store = await opened(server.url("reader"));
    await store.put(crm);
    expect(await store.find("crm")).toEqual(crm);
    expect(await store.remove("crm")).toBe(true);
  });

  it("names what is wrong, with the fix, and shows no password", async () => {
    const cases: [string, string][] = [
      [server.url("root", "/postgres", "wr0ng"), "(28P01): user or password is wrong"],
      [server.url("nobody"), "(28P01)"],
      [server.url("root", "/nothing"), "(3D000): there is no such database"],
      [server.url("stranger"), "(42501): a right is missing: GRANT"],
      [server.url().replace(":s3cret", ""), "the server wants a password"],
    ];
    for (const [url, words] of cases) {
      const message = await refused(url);
      expect(message).toContain(words);
      expect(message).not.toMatch(/s3cret|wr0ng/);
    }
    // From version 15 on nobody but the owner may create tables in `public`.
    await sql("CREATE DATABASE empty");
    expect(await refused(server.url("stranger", "/empty"))).toContain(
      "(42501): a right is missing: GRANT CREATE",
    );
    expect(await refused(server.url("few"))).toContain("(53300): the server has no connection left");
  }, 30_000);

  it("sslmode means what it means to libpq", async () => {
    const authority = path.join(server.directory, "authority.pem");
    const on = (user: string, mode: string, host = "127.0.0.1"): string =>
      `postgres://${user}@${host}:${server.port}/postgres?sslmode=${mode}`;
    for (const mode of ["allow", "prefer", "require"])
      expect(await refused(on("only_tls", mode))).toBe("it opened");
    for (const mode of ["disable", "allow", "prefer"])
      expect(await refused(on("only_plain", mode))).toBe("it opened");
    expect(await refused(on("only_tls", "disable"))).toContain("(28000)");
    expect(await refused(on("only_plain", "require"))).toContain("(28000)");
    expect(await refused(on("only_tls", "verify-ca"))).toContain("the server's certificate is not trusted");
    expect(await refused(on("only_tls", `verify-ca&sslrootcert=${authority}`))).toBe("it opened");
    // The certificate is of localhost, not of 127.0.0.1.
    expect(await refused(on("only_tls", `verify-full&sslrootcert=${authority}`))).toContain(
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
    expect(await refused(on("only_tls", `verify-full&sslrootcert=${authority}`, "localhost"))).toBe(
      "it opened",
    );
    // With an authority, require checks it.
    expect(await refused(on("only_tls", `require&sslrootcert=${authority}`))).toBe("it opened");
    expect(
      await refused(on("only_tls", "prefer&sslrootcert=/nowhere.pem").replace("prefer", "verify-ca")),
    ).toContain("(ENOENT)");
    const bare = `postgres://only_plain@127.0.0.1:${server.port}/postgres`;
    expect(await refused(bare, { PGSSLMODE: "require" })).toContain("(28000)");
    expect(await refused(bare, { PGSSLMODE: "disable" })).toBe("it opened");
  }, 60_000);

  it("a socket, and the first of several hosts that may be written to", async () => {
    const socket = encodeURIComponent(server.directory);
    expect(await refused(`postgres://reader:s3cret@${socket}:${server.port}/postgres`)).toBe("it opened");
    const query = `host=${server.directory}&port=${server.port}&user=reader&password=s3cret`;
    expect(await refused(`postgres:///postgres?${query}`)).toBe("it opened");
    const hosts = `127.0.0.1:1,127.0.0.1:${server.port}`;
    const several = `postgres://reader:s3cret@${hosts}/postgres`;
    expect(await refused(`${several}?target_session_attrs=read-write`)).toBe("it opened");
    await sql("ALTER ROLE reader SET default_transaction_read_only = on");
    cleaned.push(() => sql("ALTER ROLE reader RESET default_transaction_read_only"));
    expect(await refused(`${several}?target_session_attrs=read-write`)).toContain(
      "(25006): the server is read-only",
    );
    expect(await refused(`${several}?target_session_attrs=read-only`)).toBe("it opened");
    const reading = await opened(several);
    expect(await reading.find("crm")).toBeNull();
    await expect(reading.put(crm)).rejects.toThrow(
      "(25006): the server is read-only, perhaps a standby: name the primary",
    );
  }, 30_000);

  it("a restart of the server is waited for, and one that lasts blames the service and not the message", async () => {
    const store = await opened(server.url("reader"));
    await store.put(crm);
    await server.stop();
    const asked = store.find("crm");
    await server.start();
    expect(await asked).toEqual(crm);
    await server.stop();
    const failed = createConnections(store).variablesOf(["crm"]);
    await expect(failed).rejects.toMatchObject({ kind: "unavailable", retryable: true, blames: "service" });
    await server.start();
    expect(await store.find("crm")).toEqual(crm);
    await connectRoot();
    const { rows } = await sql(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'agent-factory-worker'",
    );
    expect(rows).toEqual([{ count: "1" }]);
  }, 60_000);

  describe.skipIf(!hasPgBouncer)(title("PgBouncer in transaction mode", hasPgBouncer), () => {
    it("takes the connection as it comes, from the empty database on, for several workers at once", async () => {
      await sql("CREATE DATABASE pooled");
      const pooler = await startPgBouncer(server.port);
      cleaned.push(() => pooler.remove());
      const url = pooler.url("root", "s3cret", "/pooled");
      const stores = await Promise.all(Array.from({ length: 4 }, () => opened(url)));
      await Promise.all(stores.map((store, index) => store.put({ ...crm, name: `crm${index}` })));
      const listed = await Promise.all(stores.map((store) => store.list()));
      for (const list of listed)
        expect(list.map(({ name }) => name)).toEqual(["crm0", "crm1", "crm2", "crm3"]);
      expect(await refused(pooler.url("root", "wr0ng"))).toMatch(/\((28P01|08P01)\)/);
      expect(await refused(pooler.url("root", "s3cret", "/nothing"))).toContain("no such database");
    }, 60_000);
  });
});
