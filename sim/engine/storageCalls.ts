import { z } from "zod";
import { SCHEDULED, STORAGE, type Table } from "./catalog.js";
import type { Runtime } from "./runtime.js";
import { readDocument, type Transaction, type View } from "./transaction.js";

const byId = z.object({ storageId: z.string() });
const upload = z.object({ blob: z.base64(), contentType: z.string(), sha256: z.string().optional() });

/**
 * `ctx.storage` of one component, as its calls come from a function; null for an operation that is none of it.
 * @param write the transaction that may write; absent in queries.
 */
export function storageCall(
  runtime: Runtime,
  componentPath: string,
  op: string,
  jsonArgs: string,
  view: View,
  write: Transaction | null,
): string | null {
  const { files, urls, catalog } = runtime;
  const table = catalog.table(componentPath, STORAGE);
  const storageId = () => fileId(runtime, componentPath, byId.parse(JSON.parse(jsonArgs)).storageId);
  const writer = (): Transaction => {
    if (!write) throw new Error("Files are written by mutations and actions only");
    return write;
  };
  switch (op) {
    case "1.0/storageGenerateUploadUrl":
      writer();
      return JSON.stringify(urls.uploadUrl(componentPath));
    case "1.0/storageGetUrl": {
      const id = storageId();
      return JSON.stringify(files.exists(view, table, id) ? urls.fileUrl(componentPath, id) : null);
    }
    case "1.0/storageGetMetadata":
      return metadata(view, table, storageId());
    case "1.0/storageDelete": {
      const id = storageId();
      if (!files.exists(view, table, id)) throw new Error(`storage id ${id} not found`);
      writer().writeSystem(table, id, null);
      return "null";
    }
    case "1.0/storageStore": {
      const { blob, contentType, sha256 } = upload.parse(JSON.parse(jsonArgs));
      const bytes = new Uint8Array(Buffer.from(blob, "base64"));
      const id = files.store(writer(), table, { bytes, contentType: contentType || null });
      const stored = readDocument(view, table, id)?.fields.sha256;
      if (sha256 !== undefined && sha256 !== stored) throw new Error("The file's sha256 is another one");
      return JSON.stringify(id);
    }
    default:
      return null;
  }
}

/** A file's id as functions give it; @throws Error for anything that cannot be one here. */
export function fileId(runtime: Runtime, componentPath: string, id: string): string {
  if (runtime.catalog.tableOfId(componentPath, id)?.name !== STORAGE)
    throw new Error(`Invalid storage ID: "${id}"`);
  return id;
}

function metadata(view: View, table: Table, id: string): string {
  const row = readDocument(view, table, id);
  if (!row) return "null";
  const { sha256, size, contentType } = row.fields;
  return JSON.stringify({ storageId: id, sha256, size, contentType: contentType ?? null });
}

export const isSystemTable = (name: string): boolean => name === SCHEDULED || name === STORAGE;
