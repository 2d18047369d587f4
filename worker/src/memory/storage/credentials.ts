/**
 * Who this worker is for its bucket: the AWS SDK's own chain, which knows variables, profile files, web identity (Kubernetes)
 * and the roles of containers and instances, and renews what expires.
 */
import { optionalPackage } from "../../optionalPackage.js";

interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}
export type CredentialSource = () => Promise<AwsCredentials>;

/** The chain of the environment. It is loaded only where a bucket is used. Rejects with a `WorkerFault` where it is not installed. */
export async function defaultCredentials(): Promise<CredentialSource> {
  const { defaultProvider } = await optionalPackage(
    "@aws-sdk/credential-provider-node",
    "SNAPSHOT_BASE_URI",
    () => import("@aws-sdk/credential-provider-node"),
  );
  // One look at the instance's role: elsewhere there is none, and the wait for it delays the start.
  const provider = defaultProvider({ maxRetries: 1, timeout: 1_000 });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await provider();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}
