import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policies } from "../../src/contract/policies.js";
import { closedPort } from "../../test/worker/httpServer.js";
import { startPlatform, type Platform } from "../platform/index.js";
import { openDeployment, type Deployment, type Target } from "./index.js";

const MASTER_KEY = "AGENT_FACTORY_MASTER_KEY";
const { signal } = new AbortController();
let platform: Platform;
let target: Target;
const told: string[] = [];
const open = (given: Target | null, more: object = {}): Promise<Deployment> =>
  openDeployment({ target: given, tell: (line) => told.push(line), signal, ...more });

beforeAll(async () => {
  platform = await startPlatform({ crons: false });
  target = { cloudUrl: platform.cloudUrl, siteUrl: platform.siteUrl, adminKey: platform.adminKey };
});
afterAll(() => platform.close());

describe("a given deployment", () => {
  it("gets the environment, keeps its master key, and is left with the policies that it had", async () => {
    const first = await open(target, { env: { TELEGRAM_API_BASE_URL: "http://127.0.0.1:1" } });
    expect(first.own).toBe(false);
    const { [MASTER_KEY]: masterKey, ...others } = await first.variables();
    expect(Buffer.from(masterKey ?? "", "base64")).toHaveLength(32);
    expect(others).toEqual({ TELEGRAM_API_BASE_URL: "http://127.0.0.1:1" });
    expect(await first.lib("secretStoreReadiness")).toMatchObject({ masterKey: "env" });
    const before = (await first.lib("policies")) as Policies;
    await first.setPolicies({ retry: { maxAttempts: 77 } });
    await first.setPolicies({ retry: { maxAttempts: 78 } });
    expect(await first.lib("policies")).toMatchObject({ retry: { maxAttempts: 78 } });
    await first.close();
    expect(await platform.run("lib:policies", {}, { componentPath: "agentFactory" })).toEqual(before);

    const second = await open(target, { env: { TELEGRAM_API_BASE_URL: "http://127.0.0.1:2" } });
    expect(await second.variables()).toEqual({
      [MASTER_KEY]: masterKey,
      TELEGRAM_API_BASE_URL: "http://127.0.0.1:2",
    });
    await second.close();
    expect(told).toContain(
      `${platform.cloudUrl} is a local platform, which runs the example already: nothing is pushed`,
    );
    expect(told).toContain(`set on the deployment, and left there: ${MASTER_KEY}, TELEGRAM_API_BASE_URL`);
  });

  it("runs functions of the app and of the component, internal ones too, and passes on what they throw", async () => {
    const deployment = await open(target);
    expect(await deployment.run("operator:queueStats")).toMatchObject({ queuedReady: 0 });
    const error: unknown = await deployment
      .lib("configureAgent", { agentKey: "" })
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain("lib:configureAgent");
    const policies = { retry: { maxAttempts: -1 } };
    const refused: unknown = await deployment
      .lib("setPolicies", { policies })
      .catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(ConvexError);
    expect((refused as ConvexError<{ code: string }>).data.code).toBe("invalid_policy");
    await deployment.close();
  });

  const wrong: [string, () => Target, RegExp][] = [
    [
      "a wrong admin key",
      () => ({ ...target, adminKey: "local|wrong" }),
      /refuses the admin key \(BadAdminKey/,
    ],
    [
      "the site origin in place of the cloud origin",
      () => ({ ...target, cloudUrl: target.siteUrl, siteUrl: target.cloudUrl }),
      /not as the cloud origin of a Convex deployment.*--deployment is the origin of functions/s,
    ],
    [
      "a wrong site origin",
      () => ({ ...target, siteUrl: target.cloudUrl }),
      /not with the example's routes.*--site is the deployment's origin of HTTP actions/s,
    ],
  ];
  it.each(wrong)("says what to do about %s", async (_, given, message) => {
    await expect(open(given())).rejects.toThrow(message);
  });

  it("says when nothing answers", async () => {
    await expect(open({ ...target, cloudUrl: await closedPort() })).rejects.toThrow(
      /does not answer \(ECONNREFUSED\)/,
    );
  });

  it("has to be on this machine where it has to call back", async () => {
    const far = { ...target, cloudUrl: "https://busy-cat-1.convex.cloud" };
    await expect(open(far, { callsBack: true })).rejects.toThrow(/is not on this machine/);
  });
});

it("without a given one the local platform is started, reached in the same way, and ended", async () => {
  const deployment = await open(null, { platform: { crons: false } });
  expect(deployment.own).toBe(true);
  expect(await deployment.lib("secretStoreReadiness")).toMatchObject({ masterKey: "env" });
  await deployment.close();
  await deployment.close();
  await expect(deployment.variables()).rejects.toThrow(/does not answer/);
});
