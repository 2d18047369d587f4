/** What a worker keeps for itself: the secrets of its connections. The control plane knows their names and nothing of these. */

/** A connection with its secrets: environment variables for the engine's program. */
export interface StoredConnection {
  name: string;
  values: Record<string, string>;
  /** Epoch ms. */
  updatedAt: number;
}
/** What may be shown of one. */
export type ConnectionListing = Omit<StoredConnection, "values"> & { variables: string[] };

/** Small, durable when a call resolves. All calls reject with a {@link StoreError}. */
export interface OwnStore {
  find(name: string): Promise<StoredConnection | null>;
  list(): Promise<ConnectionListing[]>;
  put(connection: StoredConnection): Promise<void>;
  /** false: there was none. */
  remove(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** `newer`: a later version of the worker wrote it; `unreadable`: it is no store; `unavailable`: disk, network, rights. */
export type StoreErrorKind = "newer" | "unreadable" | "unavailable";

/** `message` holds no secret and no address with one. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(
    readonly kind: StoreErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const listingOf = ({ name, values, updatedAt }: StoredConnection): ConnectionListing => ({
  name,
  variables: Object.keys(values).sort(),
  updatedAt,
});
