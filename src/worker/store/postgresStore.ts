/** The store in PostgreSQL 14 or later: for sites that keep state in databases. The driver is loaded only here. */
import type { Pool, PoolClient } from "pg";
import { z } from "zod";
import { systemCode } from "../memory/memoryError.js";
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
const migrationLock = 738_201_554;
const leastServerVersion = 140_000;
/** Longest wait for a connection and for a statement, in ms. */
const timeoutMs = 10_000;

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

/** Connects and migrates. Rejects with a {@link StoreError}. */
export async function openPostgresStore(url: string): Promise<OwnStore> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
    application_name: "agent-factory-worker",
  });
  // A server that ends an idle connection is met again by the next query.
  pool.on("error", () => undefined);
  try {
    await attempt(() => migrate(pool));
  } catch (error) {
    await pool.end();
    throw error;
  }
  const rows = async (sql: string, values: unknown[] = []): Promise<unknown[]> =>
    (await attempt(() => pool.query<Record<string, unknown>>(sql, values))).rows;

  const columns = "name, connection_values, updated_at";
  return {
    async find(name) {
      const [row] = await rows(`SELECT ${columns} FROM agent_factory_connections WHERE name = $1`, [name]);
      return row === undefined ? null : connectionOf(row);
    },
    list: async () =>
      (await rows(`SELECT ${columns} FROM agent_factory_connections ORDER BY name`)).map((row) =>
        listingOf(connectionOf(row)),
      ),
    async put({ name, values, updatedAt }) {
      await rows(
        `INSERT INTO agent_factory_connections (${columns}) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET connection_values = $2, updated_at = $3`,
        [name, JSON.stringify(values), updatedAt],
      );
    },
    remove: async (name) =>
      (await rows("DELETE FROM agent_factory_connections WHERE name = $1 RETURNING name", [name])).length > 0,
    close: () => pool.end(),
  };
}

async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    const version = await numberOf(client, "SHOW server_version_num", "server_version_num");
    if (version < leastServerVersion)
      throw new StoreError(
        "unavailable",
        `PostgreSQL 14 or later is needed; the server is ${Math.floor(version / 10_000)}`,
      );
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [migrationLock]);
    await client.query(
      "CREATE TABLE IF NOT EXISTS agent_factory_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const done = await numberOf(
      client,
      "SELECT coalesce(max(version), 0) AS version FROM agent_factory_migrations",
      "version",
    );
    if (done > migrations.length)
      throw new StoreError(
        "newer",
        `the database was migrated by a later version of the worker (layout ${done})`,
      );
    for (const [index, sql] of migrations.entries()) {
      if (index < done) continue;
      await client.query(sql);
      await client.query("INSERT INTO agent_factory_migrations (version) VALUES ($1)", [index + 1]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function numberOf(client: PoolClient, sql: string, column: string): Promise<number> {
  const { rows } = await client.query<Record<string, unknown>>(sql);
  return z.coerce.number().parse(rows[0]?.[column]);
}

/** The driver's messages can hold the user, the host and parts of a statement; the code says enough. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("unavailable", `STATE_DATABASE_URL failed (${systemCode(error)})`, { cause: error });
  }
}
