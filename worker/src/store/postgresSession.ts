/**
 * One connection to a PostgreSQL server, opened when it is needed and again when it was lost. It sends no startup parameter and
 * keeps no session state that a pooler in transaction mode would refuse or mix up: no SET, no named statements, no session locks.
 */
import type { default as Driver, Client } from "pg";
import { equalJitter } from "../../../src/policy/retry/backoff.js";
import { repeat } from "../retry.js";
import type { Clock } from "../clock.js";
import { postgresFailure, sqlStateOf } from "./postgresErrors.js";
import { tlsOffers, type PostgresPlace, type SessionKind } from "./postgresUrl.js";
import { StoreError } from "./store.js";

/** Longest wait for a connection and for a statement, in ms. */
const TIMEOUT_MS = 10_000;
/** Together two to four seconds of waiting: a failover or restart of minutes is the queue's to wait for. */
const ATTEMPTS = 4;
const backoff = equalJitter(250, 2_000);

export interface PostgresSession {
  /** Runs `work` alone, again after a failure that may pass. It must bear a repeat. Rejects with a {@link StoreError}. */
  run<T>(work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createPostgresSession(
  pg: typeof Driver,
  place: PostgresPlace,
  clock: Pick<Clock, "random" | "sleep">,
): PostgresSession {
  let open: Client | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  async function discard(): Promise<void> {
    const old = open;
    open = null;
    // A server that does not answer is not waited for.
    if (old !== null) await Promise.race([old.end().catch(() => undefined), clock.sleep(1_000)]);
  }
  async function once<T>(work: (client: Client) => Promise<T>): Promise<T> {
    open ??= await connect(pg, place, (lost) => {
      if (open === lost) open = null;
    });
    return await work(open);
  }
  const persist = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    repeat(() => once(work), {
      clock,
      backoff,
      onFailure: async (error, failures) => {
        await discard();
        if (error instanceof StoreError) throw error;
        const { message, transient } = postgresFailure(error);
        if (!transient || failures >= ATTEMPTS)
          throw new StoreError("unavailable", message, { cause: error });
      },
    });
  return {
    run(work) {
      const result = turn.then(() => persist(work));
      turn = result.catch(() => undefined);
      return result;
    },
    async close() {
      await turn;
      await discard();
    },
  };
}

/** The first host that takes the connection and is of the wanted kind. Rejects with what the last one said. */
async function connect(
  pg: typeof Driver,
  place: PostgresPlace,
  onLost: (client: Client) => void,
): Promise<Client> {
  let failure: unknown = new Error("no host");
  const passes: SessionKind[] = place.sessions === "prefer-standby" ? ["standby", "any"] : [place.sessions];
  for (const wanted of passes) {
    for (const at of place.hosts) {
      for (const ssl of tlsOffers(place, at.host)) {
        try {
          const client = await connectTo(pg, place, at, ssl, onLost);
          if (await isOf(client, wanted)) return client;
          await client.end();
          failure = Object.assign(new Error(), {
            severity: "FATAL",
            code: wanted === "read-only" ? "0A000" : "25006",
          });
          break;
        } catch (error) {
          failure = error;
          if (!takesOtherOffer(error)) break;
        }
      }
    }
  }
  throw failure;
}

/** As libpq: TLS or not is tried the other way when the server has no TLS or lets nobody in by this one. */
const takesOtherOffer = (error: unknown): boolean =>
  sqlStateOf(error) === "28000" ||
  (error instanceof Error && /does not support SSL|SSL connection/.test(error.message));

async function connectTo(
  pg: typeof Driver,
  { user, password, database, options }: PostgresPlace,
  at: { host: string; port: number },
  ssl: ReturnType<typeof tlsOffers>[number],
  onLost: (client: Client) => void,
): Promise<Client> {
  const client = new pg.Client({
    ...at,
    user,
    password,
    database,
    options,
    ssl,
    connectionTimeoutMillis: TIMEOUT_MS,
    // Counted here: as a parameter of the connection a pooler refuses it.
    query_timeout: TIMEOUT_MS,
    application_name: "agent-factory-worker",
    keepAlive: true,
  });
  client.on("error", () => onLost(client));
  client.on("end", () => onLost(client));
  await client.connect();
  return client;
}

async function isOf(client: Client, wanted: SessionKind): Promise<boolean> {
  if (wanted === "any" || wanted === "prefer-standby") return true;
  const { rows } = await client.query<{ standby: boolean; readonly: string }>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS readonly",
  );
  const { standby = false, readonly = "off" } = rows[0] ?? {};
  switch (wanted) {
    case "primary":
      return !standby;
    case "standby":
      return standby;
    case "read-write":
      return !standby && readonly === "off";
    case "read-only":
      return standby || readonly === "on";
  }
}
