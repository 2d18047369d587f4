/** The embedded store: one file of JSON, replaced as a whole. Read anew with each call: the command line writes it as well. */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { systemCode } from "../memory/memoryError.js";
import { listingOf, StoreError, type OwnStore, type StoredConnection } from "./store.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

/** Step n takes layout n to layout n + 1; an absent file has layout 0. Only ever appended to. */
const migrations: readonly ((content: Record<string, unknown>) => Record<string, unknown>)[] = [
  (empty) => ({ ...empty, connections: {} }),
];
const currentVersion = migrations.length;

const versioned = z.looseObject({ version: z.number().int().nonnegative() });
const contentSchema = z.object({
  version: z.literal(currentVersion),
  connections: z.record(
    z.string(),
    z.object({ values: z.record(z.string(), z.string()), updatedAt: z.number() }),
  ),
});
type Content = z.infer<typeof contentSchema>;

const FILE_NAME = "own.json";

/** Opens the store of this directory, creating and migrating it as needed. */
export async function openFileStore(dir: string): Promise<OwnStore> {
  const file = path.join(dir, FILE_NAME);
  await attempt(() => mkdir(dir, { recursive: true, mode: 0o700 }));
  const { content, migrated } = await read(file);
  if (migrated) await write(file, content);

  async function change<T>(edit: (connections: Content["connections"]) => T): Promise<T> {
    const current = (await read(file)).content;
    const result = edit(current.connections);
    await write(file, current);
    return result;
  }
  const all = async (): Promise<StoredConnection[]> =>
    Object.entries((await read(file)).content.connections).map(([name, rest]) => ({ name, ...rest }));

  return {
    find: async (name) => (await all()).find((connection) => connection.name === name) ?? null,
    list: async () => (await all()).map(listingOf).sort((a, b) => a.name.localeCompare(b.name)),
    put: ({ name, values, updatedAt }) =>
      change((connections) => void (connections[name] = { values, updatedAt })),
    remove: (name) =>
      change((connections) => {
        const there = Object.hasOwn(connections, name);
        // A map without the key, and not with an undefined one.
        Reflect.deleteProperty(connections, name);
        return there;
      }),
    close: () => Promise.resolve(),
  };
}

async function read(file: string): Promise<{ content: Content; migrated: boolean }> {
  const text = await attempt(() => readFile(file, "utf8").catch(absent));
  const parsed = versioned.safeParse(text === null ? { version: 0 } : parseJson(text));
  if (!parsed.success) throw unreadable(file);
  const { version } = parsed.data;
  if (version > currentVersion)
    throw new StoreError("newer", `${file} was written by a later version of the worker (layout ${version})`);
  const migrated = migrations
    .slice(version)
    .reduce((content, migrate) => migrate(content), parsed.data as Record<string, unknown>);
  const content = contentSchema.safeParse({ ...migrated, version: currentVersion });
  if (!content.success) throw unreadable(file);
  return { content: content.data, migrated: version < currentVersion };
}

async function write(file: string, content: Content): Promise<void> {
  await attempt(async () => {
    const fresh = `${file}.new`;
    const handle = await open(fresh, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(content));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  });
}

const unreadable = (file: string): StoreError =>
  new StoreError("unreadable", `${file} is not a store; put it aside and add the connections again`);

function absent(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StoreError(
      "unavailable",
      `the directory of this worker's own state failed (${systemCode(error)})`,
      {
        cause: error,
      },
    );
  }
}
