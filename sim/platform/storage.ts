import { randomUUID } from "node:crypto";
import type { Engine, FileUrls } from "../engine/index.js";

/** Convex's own limit for an upload URL. */
const UPLOAD_URL_LIFE_MS = 3_600_000;

interface Address {
  componentPath: string;
  storageId: string;
}

/** Upload and download URLs of the app's and its components' files. */
export class FileAddresses implements FileUrls {
  private readonly uploads = new Map<string, { componentPath: string; expiresAt: number }>();
  private readonly files = new Map<string, Address>();
  private readonly addressOf = new Map<string, string>();

  /** @param engine looked up late, because functions and addresses need each other. */
  constructor(
    private readonly cloudUrl: () => string,
    private readonly engine: () => Engine,
  ) {}

  uploadUrl(componentPath: string): string {
    const token = randomUUID();
    this.uploads.set(token, { componentPath, expiresAt: Date.now() + UPLOAD_URL_LIFE_MS });
    return `${this.cloudUrl()}/api/storage/upload?token=${token}`;
  }

  fileUrl(componentPath: string, storageId: string): string {
    const address = this.addressOf.get(storageId) ?? randomUUID();
    this.addressOf.set(storageId, address);
    this.files.set(address, { componentPath, storageId });
    const suffix = componentPath === "" ? "" : `?component=${encodeURIComponent(componentPath)}`;
    return `${this.cloudUrl()}/api/storage/${address}${suffix}`;
  }

  /** Stores an upload; null when the token is unknown or expired. */
  async upload(token: string, blob: Blob): Promise<string | null> {
    const upload = this.uploads.get(token);
    if (!upload || upload.expiresAt < Date.now()) return null;
    return this.engine().storeFile(upload.componentPath, blob);
  }

  /** The file behind an address; null when there never was one or it was deleted. */
  file(address: string): Blob | null {
    const found = this.files.get(address);
    return found ? this.engine().readFile(found.componentPath, found.storageId) : null;
  }
}
