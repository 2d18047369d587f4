/** Writes what is derived from the contract of one project folder. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { readContract, rowsOf } from "./contractRows.js";
import { documentApi } from "./documentApi.js";
import { findHandlers } from "./handlers.js";
import { referenceOf } from "./reference.js";
import { writeRegistrations } from "./registrations.js";
import { runContract } from "./runContract.js";

/**
 * Before Convex's own generator, which reads the registrations.
 * @throws Error when rows and bodies do not match.
 */
export async function writeContract(project: string): Promise<void> {
  const contract = await readContract(project);
  const handlers = await findHandlers(project, rowsOf(contract));
  for (const [name, text] of writeRegistrations(contract, handlers)) await write(project, name, text);
  const run = await runContract(
    project,
    contract.map(({ name }) => name),
  );
  await write(project, "docs/reference.md", referenceOf(contract, run));
}

async function write(project: string, name: string, text: string): Promise<void> {
  const file = path.join(project, name);
  await mkdir(path.dirname(file), { recursive: true });
  // The style of this repository, of which the folder may be a copy.
  const style = await resolveConfig(fileURLToPath(import.meta.url));
  await writeFile(file, await format(text, { ...style, filepath: file }));
}

/** After it: its interface of the component gets the documentation of the rows. */
export async function documentComponent(project: string): Promise<void> {
  const file = path.join(project, "src/component/_generated/component.ts");
  await writeFile(file, documentApi(await readFile(file, "utf8"), rowsOf(await readContract(project))));
}
