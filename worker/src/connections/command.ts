/** `agent-factory-worker connections …`: what an operator does on the worker's machine. Values come from standard input only. */
import type { Command } from "commander";
import { connectionName } from "../../../src/contract/connections.js";
import { exitCodes, type ExitCode } from "../exitCodes.js";
import { WorkerFault } from "../faults.js";
import { ownEnv } from "../store/ownEnv.js";
import { openStore, stateDir } from "../store/ownState.js";
import { StoreError, type OwnStore } from "../store/store.js";
import { readValues } from "./values.js";

/** The process around the command, as far as it is used. */
export interface ConnectionsHost {
  env: Record<string, string | undefined>;
  stdin: AsyncIterable<Buffer | string>;
  print: (line: string) => void;
  complain: (line: string) => void;
  now: () => number;
}

/** Adds the commands; `done` gets the exit code of the one that ran. */
export function addConnectionsCommand(
  program: Command,
  host: ConnectionsHost,
  done: (code: ExitCode) => void,
): void {
  const group = program
    .command("connections")
    .description("the credentials that live on this worker only, in STATE_DIR or STATE_DATABASE_URL");
  group
    .command("add <name>")
    .description("add or replace one; JSON object or NAME=value lines on standard input, never an argument")
    .action(async (name: string) => done(await withStore(host, (store) => add(host, store, name))));
  group
    .command("list")
    .description("names and variables, without values")
    .action(async () => done(await withStore(host, (store) => list(host, store))));
  group
    .command("remove <name>")
    .description("remove one")
    .action(async (name: string) => done(await withStore(host, (store) => remove(host, store, name))));
}

async function add(host: ConnectionsHost, store: OwnStore, name: string): Promise<ExitCode> {
  if (!connectionName.test(name)) {
    host.complain("The name must be 1 to 63 lower-case letters, digits, _ or -, as it is registered.");
    return exitCodes.fatal;
  }
  let text = "";
  for await (const chunk of host.stdin) text += chunk.toString();
  const read = readValues(text);
  if (!read.ok) {
    host.complain(`The connection was not added:\n${read.problems.map((line) => `  ${line}`).join("\n")}`);
    return exitCodes.fatal;
  }
  await store.put({ name, values: read.values, updatedAt: host.now() });
  host.print(`${name}: ${Object.keys(read.values).sort().join(", ")}`);
  return exitCodes.clean;
}

async function list(host: ConnectionsHost, store: OwnStore): Promise<ExitCode> {
  for (const { name, variables, updatedAt } of await store.list())
    host.print(`${name}\t${variables.join(", ")}\t${new Date(updatedAt).toISOString()}`);
  return exitCodes.clean;
}

async function remove(host: ConnectionsHost, store: OwnStore, name: string): Promise<ExitCode> {
  if (await store.remove(name)) return exitCodes.clean;
  host.complain(`connection is not found: ${name}`);
  return exitCodes.fatal;
}

async function withStore(
  host: ConnectionsHost,
  work: (store: OwnStore) => Promise<ExitCode>,
): Promise<ExitCode> {
  let store: OwnStore | null = null;
  try {
    const { env } = host;
    for (const name of ["STATE_DIR", "STATE_DATABASE_URL"] as const) {
      if (!ownEnv[name].safeParse(env[name] || undefined).success) {
        host.complain(`${name} is not valid: ${ownEnv[name].meta()?.description ?? ""}`);
        return exitCodes.fatal;
      }
    }
    store = await openStore(
      { STATE_DATABASE_URL: env["STATE_DATABASE_URL"] || undefined },
      stateDir(storeEnv(env)),
    );
    if (store === null) {
      host.complain("There is no store: set STATE_DIR or STATE_DATABASE_URL as for the worker.");
      return exitCodes.fatal;
    }
    return await work(store);
  } catch (error) {
    if (!(error instanceof WorkerFault || error instanceof StoreError)) throw error;
    host.complain(error.message);
    return exitCodes.retryable;
  } finally {
    await store?.close();
  }
}

/** The variables that say where the store is; a blank one counts as absent, as for the worker. */
function storeEnv(env: Record<string, string | undefined>): Parameters<typeof stateDir>[0] {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}
