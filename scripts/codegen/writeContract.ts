/** Writes what is derived from the contract of one project folder. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { format, resolveConfig } from "prettier";
import { readContract, rowsOf } from "./contractRows.js";
import { documentApi } from "./documentApi.js";
import { findHandlers } from "./handlers.js";
import { writeRegistrations } from "./registrations.js";

/**
 * Before Convex's own generator, which reads the registrations.
 * @throws Error when rows and bodies do not match.
 */
export async function writeContract(project: string): Promise<void> {
  const contract = await readContract(project);
  const handlers = await findHandlers(project, rowsOf(contract));
  for (const [name, text] of writeRegistrations(contract, handlers)) {
    const file = path.join(project, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
  }
}

/** After it: its interface of the component gets the documentation of the rows. */
export async function documentComponent(project: string): Promise<void> {
  const file = path.join(project, "src/component/_generated/component.ts");
  await writeFile(file, documentApi(await readFile(file, "utf8"), rowsOf(await readContract(project))));
}
