/** The storage that the environment asks for. */
import type { WorkerEnv } from "../../env.js";
import { WorkerFault } from "../../faults.js";
import { systemCode } from "../memoryError.js";
import { systemClock, type Clock } from "../../clock.js";
import { defaultCredentials, type CredentialSource } from "./credentials.js";
import { parseS3Base } from "./location.js";
import { explainStorage } from "./explain.js";
import { createS3Storage } from "./s3.js";
import type { SnapshotStorage } from "./storage.js";

/** Longest check of a bucket at the start, its repeats included, in ms. */
const LONGEST_CHECK_MS = 60_000;

type StorageEnv = Pick<WorkerEnv, "SNAPSHOT_BASE_URI" | "AWS_REGION" | "AWS_ENDPOINT_URL_S3">;

/**
 * The bucket of `SNAPSHOT_BASE_URI`, or undefined: the deployment's own file storage. It is written and read now, so that one
 * that cannot be used is refused before the first conversation and not at its end. Rejects with a `WorkerFault`.
 */
export async function snapshotStorage(
  env: StorageEnv,
  credentialsOf: () => Promise<CredentialSource> = defaultCredentials,
  clock: Clock = systemClock,
): Promise<SnapshotStorage | undefined> {
  if (env.SNAPSHOT_BASE_URI === undefined) return undefined;
  const base = parseS3Base(env.SNAPSHOT_BASE_URI);
  if (typeof base === "string") throw new WorkerFault("snapshot_store_not_configured", `it ${base}`);
  const credentials = await credentialsOf();
  try {
    await credentials();
  } catch (error) {
    throw new WorkerFault("snapshot_store_not_configured", systemCode(error));
  }
  const storage = createS3Storage({
    base,
    region: env.AWS_REGION,
    endpoint: env.AWS_ENDPOINT_URL_S3,
    credentials,
  });
  try {
    await storage.check(clock, AbortSignal.timeout(LONGEST_CHECK_MS));
  } catch (error) {
    throw new WorkerFault("snapshot_store_unusable", explainStorage(error));
  }
  return storage;
}
