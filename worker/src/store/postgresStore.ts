/** The store in PostgreSQL 14 or later: for sites that keep state in databases. The driver is loaded only here. */
import type { Client } from "pg";
import { z } from "zod";
import { systemClock, type Clock } from "../clock.js";
import { optionalPackage } from "../optionalPackage.js";
import { sqlStateOf } from "./postgresErrors.js";
import { createPostgresSession } from "./postgresSession.js";
import { readPostgresUrl } from "./postgresUrl.js";
import { listingOf, StoreError, type OwnStore } from "./store.js";

/** Step n takes layout n to layout n + 1. Only ever appended to. */
const migrations: readonly string[] = [
  `CREATE TABLE agent_factory_connections (
     name text PRIMARY KEY,
     connection_values jsonb NOT NULL,
     updated_at bigint NOT NULL
   )`,
];
/** Keeps two workers that start together from migrating at once; any number that nobody else is likely to use. */
const MIGRATION_LOCK = 738_201_554;
const LEAST_SERVER_VERSION = 140_000;

const rowSchema = z.object({
  name: z.string(),
  connection_values: z.record(z.string(), z.string()),
  // A bigint comes as text.
  updated_at: z.coerce.number(),
});
const connectionOf = (row: unknown) => {
  const { name, connection_values: values, updated_at: updatedAt } = rowSchema.parse(row);
  return { name, values, updatedAt };
};

const COLUMNS = "name, connection_values, updated_at";

/** Connects, and creates or migrates the tables where that is needed. Rejects with a {@link StoreError}, or a `WorkerFault` without the driver. */
export async function openPostgresStore(
  url: string,
  {
    env = process.env,
    clock = systemClock,
  }: { env?: Record<string, string | undefined>; clock?: Pick<Clock, "random" | "sleep"> } = {},
): Promise<OwnStore> {
  const place = readPostgresUrl(url, env);
  if (typeof place === "string") throw new StoreError("unavailable", `STATE_DATABASE_URL ${place}`);
  const { default: pg } = await optionalPackage("pg", "STATE_DATABASE_URL", () => import("pg"));
  const session = createPostgresSession(pg, place, clock);
  const rows = (sql: string, values: unknown[] = []): Promise<unknown[]> =>
    session.run(async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows);
  try {
    await session.run(migrate);
    // What a message would need, asked for now.
    await rows(`SELECT ${COLUMNS} FROM agent_factory_connections LIMIT 0`);
  } catch (error) {
    await session.close();
    throw error;
  }
  return {
    async find(name) {
      const [row] = await rows(`SELECT ${COLUMNS} FROM agent_factory_connections WHERE name = $1`, [name]);
      return row === undefined ? null : connectionOf(row);
    },
    list: async () =>
      (await rows(`SELECT ${COLUMNS} FROM agent_factory_connections ORDER BY name`)).map((row) =>
        listingOf(connectionOf(row)),
      ),
    async put({ name, values, updatedAt }) {
      await rows(
        `INSERT INTO agent_factory_connections (${COLUMNS}) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET connection_values = $2, updated_at = $3`,
        [name, JSON.stringify(values), updatedAt],
      );
    },
    remove: async (name) =>
      (await rows("DELETE FROM agent_factory_connections WHERE name = $1 RETURNING name", [name])).length > 0,
    close: () => session.close(),
  };
}

/** Where the tables are of this version nothing is written, so that a user without the right to create them will do. */
async function migrate(client: Client): Promise<void> {
  const server = await numberOf(client, "SHOW server_version_num", "server_version_num");
  if (server < LEAST_SERVER_VERSION)
    throw new StoreError(
      "unavailable",
      `PostgreSQL 14 or later is needed; the server is ${Math.floor(server / 10_000)}`,
    );
  if ((await layoutOf(client)) === migrations.length) return;
  await client.query("BEGIN");
  try {
    // Until the end of the transaction, which a pooler keeps on one server.
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query(
      "CREATE TABLE IF NOT EXISTS agent_factory_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const done = await layoutOf(client);
    for (const [index, sql] of migrations.entries()) {
      if (index < done) continue;
      await client.query(sql);
      await client.query("INSERT INTO agent_factory_migrations (version) VALUES ($1)", [index + 1]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** 0: there are no tables yet. */
async function layoutOf(client: Client): Promise<number> {
  const sql = "SELECT coalesce(max(version), 0) AS version FROM agent_factory_migrations";
  const done = await numberOf(client, sql, "version").catch((error: unknown) => {
    if (sqlStateOf(error) === "42P01") return 0;
    throw error;
  });
  if (done > migrations.length)
    throw new StoreError(
      "newer",
      `the database was migrated by a later version of the worker (layout ${done})`,
    );
  return done;
}

async function numberOf(client: Client, sql: string, column: string): Promise<number> {
  const { rows } = await client.query<Record<string, unknown>>(sql);
  return z.coerce.number().parse(rows[0]?.[column]);
}
