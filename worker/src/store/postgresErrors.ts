/** What PostgreSQL, a pooler before it or the network says against us: in words with a fix, and whether to ask again. */
import { failureOf, type FailureKind } from "../net/failure.js";

export interface PostgresFailure {
  /** The code, what it means and what to do; without the server's own words, which can hold the user, the host, a statement. */
  message: string;
  /** true: the same may succeed later. */
  transient: boolean;
}

/** By SQLSTATE ("PostgreSQL Error Codes"). */
const byCode: Record<string, string> = {
  "28P01": "user or password is wrong: correct STATE_DATABASE_URL",
  "28000": "the server lets no such user in from here: see its pg_hba.conf, and sslmode",
  "3D000": "there is no such database: create it, or correct the name in STATE_DATABASE_URL",
  "3F000": "there is no such schema: see the user's search_path",
  "42501":
    "a right is missing: GRANT CREATE ON SCHEMA for the first start, afterwards SELECT, INSERT, UPDATE, DELETE on agent_factory_connections and SELECT on agent_factory_migrations",
  "42P01": "a table is gone: start the worker again, which creates it",
  "25006":
    "the server is read-only, perhaps a standby: name the primary, or all hosts with target_session_attrs=read-write",
  "53300": "the server has no connection left: raise max_connections, or put a pooler before it",
  "53100": "the server's disk is full",
  "57P03": "the server is starting, stopping or recovering",
  "57P01": "the server was shut down",
  "57P04": "the database was dropped",
  "0A000": "the server or the pooler before it does not support what is asked",
};
const byClass: Record<string, string> = {
  "08": "the connection failed",
  "28": "the user is refused: correct STATE_DATABASE_URL",
  "40": "others wrote at the same time",
  "53": "the server has no room or memory left",
  "57": "an operator or a limit of the server ended it",
  "58": "the server's disk or system failed",
  XX: "the server or the pooler before it failed by itself: see its log",
};
/** Classes that pass by themselves: connection, contention, resources, operator, system. */
const transientClasses = new Set(["08", "40", "53", "57", "58", "XX"]);
const lasting = new Set(["57P04"]);
const passing = new Set(["25006", "55P03"]);

/** PgBouncer answers almost everything with 08P01; its words say which. */
const poolerWords: readonly (readonly [RegExp, string])[] = [
  [
    /unsupported startup parameter/i,
    "the pooler refuses a startup parameter: leave `options` out of STATE_DATABASE_URL",
  ],
  [
    /no such database|database .* does not exist/i,
    "the pooler knows no such database: correct the name in STATE_DATABASE_URL",
  ],
  [/no such user|authentication failed/i, "the pooler refuses user or password: correct STATE_DATABASE_URL"],
];

const byNetwork: Record<FailureKind, string> = {
  dns: "the host's name does not resolve here",
  refused: "nothing listens there: host or port is wrong, or the server is down",
  timeout: "the server does not answer: a firewall, or it is overloaded",
  tls: "the server's certificate is not trusted: name its authority in sslrootcert or NODE_EXTRA_CA_CERTS; sslmode=require does not check it",
  client_certificate: "the server wants a client certificate: name sslcert and sslkey",
  proxy: "the way to the server ended at a proxy",
  unreachable: "the connection failed",
};

export function postgresFailure(error: unknown): PostgresFailure {
  const said = error instanceof Error ? error.message : "";
  const code = sqlStateOf(error);
  const failed = (name: string, why: string, transient: boolean): PostgresFailure => ({
    message: `STATE_DATABASE_URL failed (${name}): ${why}`,
    transient,
  });
  if (code !== null) {
    const pooler = code === "08P01" ? poolerWords.find(([words]) => words.test(said)) : undefined;
    if (pooler !== undefined) return failed(code, pooler[1], false);
    const kind = code.slice(0, 2);
    const transient = passing.has(code) || (transientClasses.has(kind) && !lasting.has(code));
    return failed(
      code,
      byCode[code] ?? byClass[kind] ?? "PostgreSQL's own code: see its documentation",
      transient,
    );
  }
  // The driver's own, which have no code.
  if (/does not support SSL/.test(said))
    return failed("no TLS", "the server speaks no TLS: sslmode=prefer or disable", false);
  if (/password must be/.test(said))
    return failed("no password", "the server wants a password, and the URL has none", false);
  if (/timeout/i.test(said)) return failed("timeout", byNetwork.timeout, true);
  const { kind, what } = failureOf(error);
  if (what === "ENOENT")
    return failed(
      what,
      "there is no socket or file of that name: the server is down, or the path is wrong",
      true,
    );
  if (what === "EACCES") return failed(what, "the worker's user may not open the socket or file", false);
  return failed(what, byNetwork[kind], kind !== "tls" && kind !== "client_certificate");
}

/** The server's five characters, which no code of the system looks like; the driver sets `severity` beside them. */
export const sqlStateOf = (error: unknown): string | null =>
  error instanceof Error && "severity" in error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code))
    ? String(error.code)
    : null;
