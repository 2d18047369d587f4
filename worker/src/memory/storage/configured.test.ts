import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import S3rver from "s3rver";
import { afterEach, describe, expect, it } from "vitest";
import { readEnv } from "../../env.js";
import { WorkerFault } from "../../faults.js";
import { clock, keys, of, signal, useBucket } from "../../../../test/worker/bucket.js";
import { snapshotStorage } from "./configured.js";
import { keyBelow, locationOf, parseS3Base } from "./location.js";

const bucket = useBucket();
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe("the configuration", () => {
  it("reads base URIs and says what is wrong with others", () => {
    expect(parseS3Base("s3://my-bucket/canonical/")).toEqual({ bucket: "my-bucket", prefix: "canonical" });
    expect(parseS3Base("s3://my-bucket")).toEqual({ bucket: "my-bucket", prefix: "" });
    for (const wrong of [
      "https://x/y",
      "s3://",
      "s3://UPPER/x",
      "s3://ok-bucket/a//b",
      "s3://ok-bucket/../x",
    ])
      expect(parseS3Base(wrong), wrong).toMatch(/^must /);
  });

  it("keeps below its own base whatever location it is given", () => {
    const base = { bucket: "my-bucket", prefix: "a" };
    expect(keyBelow(base, locationOf(base, of))).toBe("a/acme/a_b/s1.tgz");
    expect(keyBelow(base, "s3://my-bucket/ab/s1.tgz")).toBeNull();
    expect(keyBelow(base, "s3://my-bucket/a/../b/s1.tgz")).toBeNull();
  });

  it("is refused before the first use when there are no credentials", async () => {
    const env = {
      SNAPSHOT_BASE_URI: "s3://memories/prod",
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL_S3: undefined,
    };
    const none = () => Promise.resolve(() => Promise.reject(new Error("Could not load credentials")));
    const refused = snapshotStorage(env, none);
    await expect(refused).rejects.toBeInstanceOf(WorkerFault);
    await expect(refused).rejects.toMatchObject({ code: "snapshot_store_not_configured", exitCode: 2 });
    expect(await snapshotStorage({ ...env, SNAPSHOT_BASE_URI: undefined }, none)).toBeUndefined();
  });

  describe("is tried at the start, which ends with the cause", () => {
    const started = async (env: Partial<Parameters<typeof snapshotStorage>[0]>, secret = keys) => {
      const all = {
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_REGION: undefined,
        AWS_ENDPOINT_URL_S3: bucket.endpoint,
      };
      return await snapshotStorage(
        { ...all, ...env },
        () => Promise.resolve(() => Promise.resolve(secret)),
        clock,
      );
    };
    /** A server that gives these answers, the last one for ever; the result is how often it was asked. */
    async function answering(...answers: [status: number, code: string, headers?: Record<string, string>][]) {
      let asked = 0;
      const other = createServer((incoming, response) => {
        const [status, code, headers = {}] = answers[Math.min(asked, answers.length - 1)] ?? [200, ""];
        asked += 1;
        incoming
          .resume()
          .on("end", () =>
            response.writeHead(status, headers).end(code && `<Error><Code>${code}</Code></Error>`),
          );
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      closing.push(() => new Promise((resolve) => (other.closeAllConnections(), other.close(resolve))));
      const { port } = other.address() as AddressInfo;
      const failure = await started({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` }).then(
        () => null,
        (error: unknown) => error,
      );
      return { asked, failure: failure as WorkerFault | null };
    }
    it("a bucket that can be used passes and is left empty; one that is not there does not", async () => {
      await started({});
      const left = await readdir(bucket.dir, { recursive: true });
      expect(left.filter((name) => name.includes("agent-factory-check"))).toEqual([]);
      await expect(started({ SNAPSHOT_BASE_URI: "s3://nothing/prod" })).rejects.toMatchObject({
        code: "snapshot_store_unusable",
        detail: "HTTP 404 NoSuchBucket: there is no such bucket: correct SNAPSHOT_BASE_URI",
      });
    });
    it("a bucket that can be used passes for two workers that start at once", async () => {
      const objects = new Set<string | undefined>();
      let askedToRead = (): void => undefined;
      const reading = new Promise<void>((resolve) => void (askedToRead = resolve));
      let goOn: Promise<unknown> | undefined;
      const shared = createServer((incoming, response) => {
        const { method, url } = incoming;
        const answer = () => response.writeHead(method === "GET" && !objects.has(url) ? 404 : 200).end();
        incoming.resume().on("end", () => {
          if (method === "PUT") objects.add(url);
          if (method === "DELETE") objects.delete(url);
          if (method !== "GET" || goOn !== undefined) return answer();
          // The other one comes and goes between the first one's writing and reading.
          goOn = started(env).finally(answer);
          askedToRead();
        });
      });
      await new Promise<void>((resolve) => shared.listen(0, "127.0.0.1", resolve));
      closing.push(() => new Promise((resolve) => (shared.closeAllConnections(), shared.close(resolve))));
      const env = {
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(shared.address() as AddressInfo).port}`,
      };
      const first = started(env);
      await reading;
      await expect(Promise.all([first, goOn])).resolves.toHaveLength(2);
      expect(objects).toEqual(new Set());
    });
    it.each<[number, string, Record<string, string>, string]>([
      [
        301,
        "PermanentRedirect",
        { "x-amz-bucket-region": "eu-west-3" },
        "another region: set AWS_REGION to eu-west-3",
      ],
      [307, "TemporaryRedirect", { location: "http://127.0.0.1:1/" }, "another region: set AWS_REGION"],
      [400, "AuthorizationHeaderMalformed", {}, "another region: set AWS_REGION"],
      [403, "InvalidAccessKeyId", {}, "the server does not know AWS_ACCESS_KEY_ID"],
      [403, "SignatureDoesNotMatch", {}, "AWS_SECRET_ACCESS_KEY does not belong"],
      [403, "AccessDenied", {}, "a right is missing"],
      [403, "", {}, "a right is missing"],
      [403, "RequestTimeTooSkewed", {}, "this machine's clock is wrong"],
      [400, "ExpiredToken", {}, "AWS_SESSION_TOKEN has expired"],
    ])("HTTP %i %s, asked once", async (status, code, headers, why) => {
      const { asked, failure } = await answering([status, code, headers]);
      expect(failure).toMatchObject({ code: "snapshot_store_unusable", exitCode: 1 });
      expect(failure?.detail).toContain(why);
      expect(asked).toBe(1);
    });
    it("a right to write without one to read is not enough", async () => {
      const { failure } = await answering([200, ""], [403, "AccessDenied"]);
      expect(failure?.detail).toContain("a right is missing");
    });
    it.each([
      [503, "SlowDown"],
      [500, "InternalError"],
      [400, "RequestTimeout"],
      [409, "OperationAborted"],
    ])("what passes is waited for, whatever its status: HTTP %i %s", async (status, code) => {
      const { asked, failure } = await answering([status, code], [status, code], [200, ""]);
      expect(failure).toBeNull();
      expect(asked).toBe(5);
    });
    it("a server that is not there", async () => {
      await bucket.server.close();
      const failed = started({});
      await expect(failed).rejects.toMatchObject({ detail: "the server cannot be reached (ECONNREFUSED)" });
      bucket.server = new S3rver({
        address: "127.0.0.1",
        port: 0,
        silent: true,
        directory: path.join(bucket.dir, "s3"),
      });
      await bucket.server.run();
    });
  });

  it("takes the standard variables through the SDK's chain", async () => {
    const before = { ...process.env };
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" });
      const storage = await snapshotStorage({
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_REGION: undefined,
        AWS_ENDPOINT_URL_S3: bucket.endpoint,
      });
      await storage?.put(storage.locate(of), await bucket.packed(Buffer.from("x")), clock, signal);
      expect(storage).toBeDefined();
    } finally {
      process.env = before;
    }
  });

  it("names every variable that is missing", () => {
    const result = readEnv(
      {
        BASE_INTERNAL_URL: "http://127.0.0.1:1/agent-factory",
        AGENT_TOKEN: "t",
        ENGINE: "echo",
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_SECRET_ACCESS_KEY: "s",
      },
      () => "w",
    );
    expect(result.ok ? [] : result.problems.map(({ name }) => name)).toEqual([
      "AWS_ACCESS_KEY_ID",
      "AWS_REGION",
    ]);
  });
});
