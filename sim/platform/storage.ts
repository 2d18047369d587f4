import { randomUUID } from "node:crypto";
import type { Backend } from "./app/backend.js";
import type { StorageCalls } from "./app/scope.js";

/** Convex's own limit for an upload URL. */
const UPLOAD_URL_LIFE_MS = 3_600_000;

/** Upload and download URLs of the app's and its components' files. */
export class FileStore implements StorageCalls {
  private readonly uploads = new Map<string, { componentPath: string; expiresAt: number }>();
  private readonly addresses = new Map<string, { componentPath: string; storageId: string }>();
  private readonly addressOf = new Map<string, string>();

  /** @param backend looked up late, because functions and files need each other. */
  constructor(
    private readonly cloudUrl: () => string,
    private readonly backend: () => Backend,
  ) {}

  uploadUrl(componentPath: string): string {
    const token = randomUUID();
    this.uploads.set(token, { componentPath, expiresAt: Date.now() + UPLOAD_URL_LIFE_MS });
    return `${this.cloudUrl()}/api/storage/upload?token=${token}`;
  }

  fileUrl(componentPath: string, storageId: string): string {
    // The same id exists in several components, so a file's address is a name of its own.
    const key = `${componentPath}:${storageId}`;
    const address = this.addressOf.get(key) ?? randomUUID();
    this.addressOf.set(key, address);
    this.addresses.set(address, { componentPath, storageId });
    const suffix = componentPath === "" ? "" : `?component=${encodeURIComponent(componentPath)}`;
    return `${this.cloudUrl()}/api/storage/${address}${suffix}`;
  }

  store(componentPath: string, blob: Blob): Promise<string> {
    return this.backend().transaction(componentPath, (ctx) => ctx.storage.store(blob));
  }

  async remove(componentPath: string, storageId: string): Promise<void> {
    await this.backend().transaction(componentPath, async (ctx) => {
      await ctx.storage.delete(storageId);
      return null;
    });
  }

  /** Stores an upload; null when the token is unknown or expired. */
  async upload(token: string, blob: Blob): Promise<string | null> {
    const upload = this.uploads.get(token);
    if (!upload || upload.expiresAt < Date.now()) return null;
    return this.store(upload.componentPath, blob);
  }

  /** The file behind an address; null when there never was one or it was deleted. */
  async file(address: string): Promise<Blob | null> {
    const found = this.addresses.get(address);
    if (!found) return null;
    // A transaction's result has to be JSON, so the bytes take the side door.
    let blob: Blob | null = null;
    await this.backend().transaction(found.componentPath, async (ctx) => {
      blob = await ctx.storage.get(found.storageId);
      return null;
    });
    return blob;
  }
}
