/** Packages that few workers need are not installed with this one: they are loaded where the environment asks for them. */
import { WorkerFault } from "./faults.js";

/**
 * What `load` imports. Rejects with the `WorkerFault` `package_missing`, which says what to install.
 * @param variable the variable of the environment that asks for it.
 */
export async function optionalPackage<T>(name: string, variable: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new WorkerFault("package_missing", `${variable} needs ${name}: npm install ${name}`);
  }
}

/** Not when a package that it needs itself is missing: installing this one again would not help. */
const isMissing = (error: unknown, name: string): boolean =>
  error instanceof Error &&
  "code" in error &&
  error.code === "ERR_MODULE_NOT_FOUND" &&
  error.message.includes(`'${name}'`);
