/** Where archives lie in a bucket. */
import { cutText } from "../../../../src/policy/text/cut.js";
import { archiveName } from "../../../../src/policy/snapshots/archiveLocation.js";

/** `s3://bucket/prefix`; the prefix without slashes at its ends, empty for the bucket itself. */
export interface S3Base {
  bucket: string;
  prefix: string;
}

/** A bucket's name as Amazon allows it: 3 to 63 lower-case letters, digits, dots and hyphens. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const keyPart = /^[A-Za-z0-9._-]+$/;

/** Reads a base URI, or says what is wrong with it. A slash at its end is allowed. */
export function parseS3Base(uri: string): S3Base | string {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(uri);
  if (!match) return "must be s3://bucket/prefix";
  const [, bucket = "", rest = ""] = match;
  const prefix = rest.replace(/\/+$/, "");
  if (!bucketName.test(bucket)) return "must name a bucket of lower-case letters, digits, dots and hyphens";
  if (
    prefix !== "" &&
    !prefix.split("/").every((part) => keyPart.test(part) && part !== "." && part !== "..")
  )
    return "must have a prefix of letters, digits, dots, hyphens and underscores between single slashes";
  return { bucket, prefix };
}

/** The location of a new archive. Tenant and agent are there for people; the snapshot's id makes it unique. */
export function locationOf(
  { bucket, prefix }: S3Base,
  of: { workspaceId: string; agentKey: string; snapshotId: string },
): string {
  const parts = [prefix, readable(of.workspaceId), readable(of.agentKey), archiveName(of.snapshotId)];
  return `s3://${bucket}/${parts.filter((part) => part !== "").join("/")}`;
}

/** The key of a location below this base; null for one that is elsewhere, which this worker must not touch. */
export function keyBelow(base: S3Base, location: string): string | null {
  const parsed = parseS3Base(location);
  if (typeof parsed === "string" || parsed.bucket !== base.bucket) return null;
  const inside = base.prefix === "" || parsed.prefix.startsWith(`${base.prefix}/`);
  return inside && parsed.prefix !== "" ? parsed.prefix : null;
}

const readable = (text: string): string => cutText(text.replace(/[^A-Za-z0-9_-]/g, "_"), 64) || "_";
