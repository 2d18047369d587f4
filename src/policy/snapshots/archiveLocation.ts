/** Where an archive lies that is not in the deployment's file storage: `s3://<bucket>/<path>/<snapshot id>.tgz`. */

const MAX_CHARS = 1_000;
const shape = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9._-]+)*\/([A-Za-z0-9_-]+\.tgz)$/;

/** The last part of its location. It ties the archive to its row: no row can point at another's. */
export const archiveName = (snapshotId: string): string =>
  `${snapshotId.replace(/[^A-Za-z0-9_-]/g, "_")}.tgz`;

/** Whether this is a location of that snapshot's archive. */
export const isArchiveLocation = (location: string, snapshotId: string): boolean =>
  location.length <= MAX_CHARS && shape.exec(location)?.[1] === archiveName(snapshotId);
