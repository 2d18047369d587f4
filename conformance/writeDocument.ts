/** `npx tsx conformance/writeDocument.ts`: fills the generated parts of the protocol document. */
import { readFile, writeFile } from "node:fs/promises";
import { documentPath, fillDocument } from "./document.js";

await writeFile(documentPath, await fillDocument(await readFile(documentPath, "utf8")));
