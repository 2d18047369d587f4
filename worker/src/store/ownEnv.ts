/** The variables of what a worker keeps for itself: its own state, its credentials, its bucket. */
import path from "node:path";
import { z } from "zod";
import { keyText } from "../envShapes.js";
import { parseS3Base } from "../memory/storage/location.js";
import { readPostgresUrl } from "./postgresUrl.js";

const text = z.string();

export const ownEnv = {
  STATE_DIR: text
    .refine((value) => path.isAbsolute(value), "must be an absolute path")
    .optional()
    .meta({
      description:
        "This worker's own directory: answers not yet acknowledged, connections. One worker each. Default: inside DATA_DIR for a stateful engine, else none, and nothing is kept across a restart.",
    }),
  STATE_DATABASE_URL: text
    .superRefine((value, ctx) => {
      const read = readPostgresUrl(value);
      if (typeof read === "string") ctx.addIssue({ code: "custom", message: read });
    })
    .optional()
    .meta({
      description:
        "PostgreSQL 14+ for the connections, in place of a file in STATE_DIR. One database each. As libpq reads it: several hosts, sockets, sslmode, target_session_attrs; PGSSLMODE too.",
    }),
  PROBES: z
    .enum(["on", "off"])
    .default("on")
    .meta({ description: "off: an operator cannot have this worker check what it reaches." }),
  SNAPSHOT_BASE_URI: text
    .superRefine((value, ctx) => {
      const parsed = parseS3Base(value);
      if (typeof parsed === "string") ctx.addIssue({ code: "custom", message: parsed });
    })
    .optional()
    .meta({
      description:
        "s3://bucket/prefix: snapshots go there and not to the deployment's file storage. Checked before the first one.",
    }),
  AWS_REGION: text.optional().meta({
    description: "Region of the bucket. Needed with SNAPSHOT_BASE_URI, unless AWS_ENDPOINT_URL_S3 is set.",
  }),
  AWS_ENDPOINT_URL_S3: text
    .refine(isHttpOrigin, "must be an http or https URL without query, e.g. https://minio.internal:9000")
    .optional()
    .meta({
      description: "An S3-compatible server that is not Amazon's; the bucket is the first part of its paths.",
    }),
  AWS_ACCESS_KEY_ID: keyText.optional().meta({
    description:
      "Key for the bucket. Without it the SDK's own chain: profile files, web identity, container and instance roles.",
  }),
  AWS_SECRET_ACCESS_KEY: keyText.optional().meta({ description: "Its secret." }),
  AWS_SESSION_TOKEN: keyText.optional().meta({ description: "Its session token, if it is a temporary one." }),
};

/** What is wrong with these variables together. */
export function ownEnvProblems(
  given: Record<string, string | undefined>,
): { name: string; problem: string }[] {
  const problems: { name: string; problem: string }[] = [];
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } = given;
  if ((key === undefined) !== (secret === undefined)) {
    problems.push({
      name: key === undefined ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
      problem: "is missing: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together.",
    });
  }
  const regionless = given["AWS_REGION"] === undefined && given["AWS_ENDPOINT_URL_S3"] === undefined;
  if (given["SNAPSHOT_BASE_URI"] !== undefined && regionless)
    problems.push({ name: "AWS_REGION", problem: "is missing (needed by SNAPSHOT_BASE_URI)" });
  return problems;
}

function isHttpOrigin(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && new URL(value).search === "";
}
