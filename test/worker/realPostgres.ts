/**
 * A PostgreSQL server and PgBouncer of this machine, in a directory of their own, where they are installed (Debian's packages
 * `postgresql` and `pgbouncer`). Neither runs as root: where the tests do, they run as the user `postgres`, or nobody.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:net";
import { closedPort } from "./httpServer.js";
import { serverKeyPem, serverPem } from "./certificates.js";

function findProgram(name: string): string | null {
  const packaged = existsSync("/usr/lib/postgresql")
    ? readdirSync("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`)
    : [];
  const places = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", ...packaged];
  return places.map((place) => path.join(place, name)).find((file) => existsSync(file)) ?? null;
}
const initdb = findProgram("initdb");
const postgres = findProgram("postgres");
const pgIsReady = findProgram("pg_isready");
const pgbouncer = findProgram("pgbouncer");
export const hasPostgres = initdb !== null && postgres !== null && pgIsReady !== null;
export const hasPgBouncer = pgbouncer !== null && hasPostgres;

/** Whom the servers run as: nothing to change, or the ids of a user that is not root. */
function userIds(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const [, , uid, gid] = (users.find((line) => line.startsWith("postgres:")) ?? "nobody:x:65534:65534").split(
    ":",
  );
  return { uid: Number(uid), gid: Number(gid) };
}

const ids = userIds();
function directoryOf(name: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), name));
  if (ids.uid !== undefined) chownSync(directory, ids.uid, ids.gid ?? 0);
  return directory;
}
function put(directory: string, name: string, text: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  chmodSync(file, 0o600);
  if (ids.uid !== undefined) chownSync(file, ids.uid, ids.gid ?? 0);
  return file;
}
async function listens(port: number): Promise<void> {
  for (
    const end = Date.now() + 20_000;
    Date.now() < end;
    await new Promise((again) => setTimeout(again, 25))
  ) {
    const socket = connect(port, "127.0.0.1");
    const heard = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (heard) return;
  }
  throw new Error("the server did not start");
}
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
}

const rootPassword = "s3cret";

/** With TLS of `serverPem`, superuser `root`; `hba`: who may come how, before everybody by password. */
export async function startPostgres(hba = "") {
  const directory = directoryOf("postgres-");
  const data = path.join(directory, "data");
  const password = put(directory, "password", rootPassword);
  const quiet = { ...ids, cwd: directory, stdio: "ignore" } as const;
  const cluster = [
    "-D",
    data,
    "-N",
    "-U",
    "root",
    "-A",
    "scram-sha-256",
    `--pwfile=${password}`,
    "-E",
    "UTF8",
  ];
  execFileSync(initdb ?? "", [...cluster, "--locale=C"], quiet);
  put(data, "server.crt", serverPem);
  put(data, "server.key", serverKeyPem);
  put(data, "pg_hba.conf", `${hba}\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n`);
  const port = Number(new URL(await closedPort()).port);
  const settings = [
    "fsync=off",
    "ssl=on",
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${directory}`,
  ];
  const options = ["-D", data, "-p", String(port), ...settings.flatMap((each) => ["-c", each])];
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(postgres ?? "", options, quiet);
    await listens(port);
    // It listens before it lets anybody in.
    for (let status: number | null = 1; status === 1;) {
      const asked = spawn(pgIsReady ?? "", ["-q", "-h", "127.0.0.1", "-p", String(port)]);
      [status] = (await once(asked, "close")) as [number | null];
    }
  };
  await start();
  return {
    port,
    directory,
    start,
    /** At once, ending every connection. */
    stop: () => end(child, "SIGINT"),
    url: (user = "root", more = "/postgres", secret = rootPassword) =>
      `postgres://${user}:${secret}@127.0.0.1:${port}${more}`,
    async remove() {
      await end(child, "SIGINT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** In transaction mode before the server at `port`, refusing whatever parameter it refuses by default. */
export async function startPgBouncer(serverPort: number) {
  const directory = directoryOf("pgbouncer-");
  const users = put(directory, "users.txt", `"root" "${rootPassword}"\n`);
  const port = Number(new URL(await closedPort()).port);
  const config = put(
    directory,
    "pgbouncer.ini",
    `[databases]\n* = host=127.0.0.1 port=${serverPort}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
      `unix_socket_dir =\nauth_type = plain\nauth_file = ${users}\npool_mode = transaction\ndefault_pool_size = 2\nserver_login_retry = 1\n`,
  );
  const child = spawn(pgbouncer ?? "", ["-q", config], { ...ids, cwd: directory, stdio: "ignore" });
  await listens(port);
  return {
    url: (user = "root", secret = rootPassword, more = "/postgres") =>
      `postgres://${user}:${secret}@127.0.0.1:${port}${more}`,
    async remove() {
      await end(child, "SIGINT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
