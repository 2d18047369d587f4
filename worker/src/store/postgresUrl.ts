/**
 * A PostgreSQL URL as libpq reads it ("Connection URIs", "SSL Support" in PostgreSQL's documentation): several hosts, sockets,
 * `sslmode`, `target_session_attrs`. The driver's own reading knows one host, and `require` as `verify-full`.
 */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
type SslMode = (typeof sslModes)[number];
const sessionKinds = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const;
export type SessionKind = (typeof sessionKinds)[number];

export interface PostgresPlace {
  /** Tried in this order. A host that begins with `/` is the directory of a socket. */
  hosts: { host: string; port: number }[];
  user?: string;
  password?: string;
  database?: string;
  options?: string;
  sslmode: SslMode;
  /** Paths of PEM files; `sslrootcert=system`: the authorities that Node trusts. */
  sslrootcert?: string;
  sslcert?: string;
  sslkey?: string;
  sessions: SessionKind;
}

const shape = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const hostShape = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5})?)?$/;
const DEFAULT_PORT = 5432;

/** Reads a URL over the variables that libpq reads too, or says what is wrong with it, without showing it. */
export function readPostgresUrl(
  url: string,
  env: Record<string, string | undefined> = {},
): PostgresPlace | string {
  try {
    return read(url, env);
  } catch (error) {
    return error instanceof Unreadable
      ? error.message
      : "must be a PostgreSQL URL, e.g. postgres://user:password@db.internal:5432/agent";
  }
}

class Unreadable extends Error {}

function read(url: string, env: Record<string, string | undefined>): PostgresPlace {
  const match = shape.exec(url);
  if (!match) throw new Error("no PostgreSQL URL");
  const [, account = "", authority = "", path = "", query = ""] = match;
  const colon = account.indexOf(":");
  const given = new Map(new URLSearchParams(query));
  const value = (name: string, variable: string): string | undefined => given.get(name) ?? env[variable];
  const userPart = decodeURIComponent(colon < 0 ? account : account.slice(0, colon));
  return {
    hosts: hostsOf(authority, given, env),
    ...defined({
      user: userPart || given.get("user"),
      password: colon < 0 ? given.get("password") : decodeURIComponent(account.slice(colon + 1)),
      database: decodeURIComponent(path) || given.get("dbname"),
      options: given.get("options"),
      sslrootcert: value("sslrootcert", "PGSSLROOTCERT"),
      sslcert: value("sslcert", "PGSSLCERT"),
      sslkey: value("sslkey", "PGSSLKEY"),
    }),
    sslmode: sslModeOf(value("sslmode", "PGSSLMODE") ?? given.get("ssl")),
    sessions: oneOf(
      sessionKinds,
      "target_session_attrs",
      value("target_session_attrs", "PGTARGETSESSIONATTRS") ?? "any",
    ),
  };
}

function hostsOf(
  authority: string,
  given: Map<string, string>,
  env: Record<string, string | undefined>,
): PostgresPlace["hosts"] {
  const named = given.get("host");
  const ports = (given.get("port") ?? env["PGPORT"] ?? "").split(",");
  const texts = named === undefined ? authority.split(",") : named.split(",");
  return texts.map((text, index) => {
    // A host of the query is bare; one of the authority may be encoded and have its port.
    const parts = named === undefined ? hostShape.exec(text) : [text, text];
    if (parts === null) throw new Error("no host and port");
    const [, host = "", port] = parts;
    const common = ports.length === 1 ? ports[0] : ports[index];
    const number = Number(port || common || DEFAULT_PORT);
    if (!(number > 0 && number < 65_536)) throw new Error("no port");
    return {
      host: decodeURIComponent(host).replace(/^\[|\]$/g, "") || env["PGHOST"] || "localhost",
      port: number,
    };
  });
}

function sslModeOf(text: string | undefined): SslMode {
  // The driver's and JDBC's words, which many providers' pages use.
  if (text === "no-verify" || text === "true" || text === "1") return "require";
  if (text === "false" || text === "0") return "disable";
  return oneOf(sslModes, "sslmode", text ?? "prefer");
}

function oneOf<T extends string>(known: readonly T[], name: string, text: string): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new Unreadable(`has a ${name} that is none of ${known.join(", ")}`);
  return found;
}

const defined = <T extends Record<string, string | undefined>>(given: T): { [K in keyof T]?: string } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== "")) as {
    [K in keyof T]?: string;
  };

/** What to offer the server, in this order: `false` is a plain connection. Reads the files; throws the system's error. */
export function tlsOffers(place: PostgresPlace, host: string): (ConnectionOptions | false)[] {
  if (host.startsWith("/")) return [false];
  const { sslmode, sslrootcert, sslcert, sslkey } = place;
  const authorities =
    sslrootcert === undefined || sslrootcert === "system" ? {} : { ca: readFileSync(sslrootcert) };
  const own =
    sslcert === undefined || sslkey === undefined
      ? {}
      : { cert: readFileSync(sslcert), key: readFileSync(sslkey) };
  const unchecked = { ...own, rejectUnauthorized: false };
  // Any name of a trusted authority.
  const checked = { ...own, ...authorities, checkServerIdentity: () => undefined };
  switch (sslmode) {
    case "disable":
      return [false];
    case "allow":
      return [false, unchecked];
    case "prefer":
      return [unchecked, false];
    case "require":
      // libpq: with an authority it is verify-ca.
      return ["ca" in authorities ? checked : unchecked];
    case "verify-ca":
      return [checked];
    case "verify-full":
      return [{ ...own, ...authorities }];
  }
}
