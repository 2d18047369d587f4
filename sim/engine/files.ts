import { createHash } from "node:crypto";
import { STORAGE, type Table } from "./catalog.js";
import type { Commit } from "./store.js";
import { readDocument, type Transaction, type View } from "./transaction.js";

/** Where files are uploaded to and found; the host of an engine knows its own addresses. */
export interface FileUrls {
  uploadUrl(componentPath: string): string;
  fileUrl(componentPath: string, storageId: string): string;
}

/** A file's bytes, and what Convex says about them. */
export interface NewFile {
  bytes: Uint8Array<ArrayBuffer>;
  contentType: string | null;
}

/** The bytes of all files. That a file exists is a row of its component's `_storage`, under the rules of transactions. */
export class Files {
  private readonly blobs = new Map<string, Blob>();

  /** Adds the file to the component of the table, if the transaction commits. @returns its id. */
  store(tx: Transaction, table: Table, { bytes, contentType }: NewFile): string {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const row = { sha256, size: bytes.byteLength, ...(contentType ? { contentType } : {}) };
    const id = tx.insertSystem(table, row);
    tx.usage.add("filesWritten", 1);
    tx.usage.add("fileWriteBytes", bytes.byteLength);
    this.blobs.set(id, new Blob([bytes], { type: contentType ?? "" }));
    return id;
  }

  /** The bytes of a file that is there; null otherwise. */
  read(view: View, table: Table, id: string): Blob | null {
    const blob = this.exists(view, table, id) ? (this.blobs.get(id) ?? null) : null;
    if (!blob) return null;
    view.usage.add("filesRead", 1);
    view.usage.add("fileReadBytes", blob.size);
    return blob;
  }

  exists(view: View, table: Table, id: string): boolean {
    return readDocument(view, table, id) !== null;
  }

  /** Forgets the bytes of files that are gone for good. */
  afterCommit({ writes }: Commit): void {
    for (const { table, id, after } of writes) if (table.name === STORAGE && !after) this.blobs.delete(id);
  }
}
