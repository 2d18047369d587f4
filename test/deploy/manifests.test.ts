/** The Kubernetes manifests, the systemd unit and fly.toml: their form, their variables, and time enough to stop. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { envSchema, readEnv } from "../../worker/src/env.js";
import { exitCodes } from "../../worker/src/exitCodes.js";
import { flyApp, readToml } from "./flyToml.js";
import { kubernetesObject, type KubernetesObject, type PodTemplate } from "./kubernetesSchema.js";

const folder = fileURLToPath(new URL("../../deploy/", import.meta.url));
const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const { version } = JSON.parse(readFileSync(path.join(folder, "../package.json"), "utf8")) as {
  version: string;
};

/** What a shutdown may take besides the grace and the snapshot, in s: handing back, releasing, stopping a gateway. */
const besidesS = 60;
const defaultOf = (name: "SHUTDOWN_GRACE_MS" | "SNAPSHOT_TIMEOUT_MS"): number =>
  envSchema.shape[name].parse(undefined);
/** The longest orderly stop of a worker with these variables, in s. */
const stopS = (env: Record<string, string>): number =>
  (Number(env["SHUTDOWN_GRACE_MS"] ?? defaultOf("SHUTDOWN_GRACE_MS")) +
    Number(env["SNAPSHOT_TIMEOUT_MS"] ?? defaultOf("SNAPSHOT_TIMEOUT_MS"))) /
    1000 +
  besidesS;

const problemsOf = (env: Record<string, string>): unknown => {
  const unknown = Object.keys(env).filter((name) => !(name in envSchema.shape));
  const result = readEnv(env, () => "w1");
  return { unknown, problems: result.ok ? [] : result.problems };
};
const none = { unknown: [], problems: [] };

describe("the Kubernetes manifests", () => {
  const objects = readdirSync(path.join(folder, "kubernetes")).flatMap((file) =>
    parseAllDocuments(read(`kubernetes/${file}`)).map((document) => {
      expect(document.errors).toEqual([]);
      return kubernetesObject.parse(document.toJS());
    }),
  );
  const of = <Kind extends KubernetesObject["kind"]>(
    kind: Kind,
  ): Extract<KubernetesObject, { kind: Kind }> => {
    const found = objects.filter((object) => object.kind === kind);
    expect(found).toHaveLength(1);
    return found[0] as Extract<KubernetesObject, { kind: Kind }>;
  };
  const pods: [string, PodTemplate][] = [
    ["Deployment", of("Deployment").spec.template],
    ["StatefulSet", of("StatefulSet").spec.template],
  ];
  const { data } = of("ConfigMap");
  const { stringData } = of("Secret");

  it("refuses a field that Kubernetes does not have", () => {
    const deployment = structuredClone(of("Deployment"));
    const [worker] = deployment.spec.template.spec.containers;
    Object.assign(worker, { readinesProbe: worker.readinessProbe });
    expect(kubernetesObject.safeParse(deployment).success).toBe(false);
  });

  it("together are a valid environment, with every secret in the Secret", () => {
    expect(problemsOf({ ...data, ...stringData })).toEqual(none);
    expect(Object.keys(data).filter((name) => /TOKEN|KEY|SECRET|PASSWORD/.test(name))).toEqual([]);
    expect(new Set(Object.values(stringData))).toEqual(new Set(["replace-me"]));
  });

  it.each(pods)("%s reads exactly these two, and its health from outside of the pod", (_kind, { spec }) => {
    const [{ envFrom, ports, readinessProbe, livenessProbe }] = spec.containers;
    expect(envFrom).toEqual([
      { configMapRef: { name: of("ConfigMap").metadata.name } },
      { secretRef: { name: of("Secret").metadata.name } },
    ]);
    expect(ports.map(({ containerPort }) => String(containerPort))).toEqual([data["HEALTH_PORT"]]);
    expect(data["HEALTH_HOST"]).toBe("::");
    for (const probe of [readinessProbe, livenessProbe]) expect(probe.httpGet.port).toBe(ports[0]?.name);
    expect(readinessProbe.httpGet.path).toBe("/healthz");
    expect(livenessProbe.httpGet.path).toBe("/metrics");
  });

  it.each(pods)("%s waits longer than a worker needs to stop", (_kind, { spec }) => {
    const pauseS = Number(spec.containers[0].lifecycle.preStop.exec.command[1]);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(pauseS + stopS(data));
  });

  it.each(pods)("%s runs this version, and mounts what it has", (kind, { spec }) => {
    const [{ image, volumeMounts }] = spec.containers;
    expect(image.split(":")[1]).toBe(version);
    const claimed = kind === "StatefulSet" ? of("StatefulSet").spec.volumeClaimTemplates : [];
    const volumes = [
      ...spec.volumes.map((volume) => volume.name),
      ...claimed.map((claim) => claim.metadata.name),
    ];
    expect(volumeMounts.map((mount) => mount.name).sort()).toEqual(volumes.sort());
  });

  it("are about the same pods", () => {
    const { labels } = pods[0]![1].metadata;
    for (const [, template] of pods) expect(template.metadata.labels).toEqual(labels);
    expect(of("Deployment").spec.selector.matchLabels).toEqual(labels);
    expect(of("StatefulSet").spec.selector.matchLabels).toEqual(labels);
    expect(of("Service").spec.selector).toEqual(labels);
    expect(of("NetworkPolicy").spec.podSelector.matchLabels).toEqual(labels);
    expect(of("StatefulSet").spec.serviceName).toBe(of("Service").metadata.name);
    // A volume is for an engine on the machine, whose memory is then asked for beforehand.
    const containers = pods.map(([, { spec }]) =>
      spec.containers.map((each) => ({ ...each, resources: null })),
    );
    expect(containers[0]).toEqual(containers[1]);
  });

  it("leave room for an engine that holds 1.1 GB", () => {
    for (const [, { spec }] of pods)
      for (const { resources } of spec.containers) expect(resources.limits.memory).toBe("2Gi");
  });

  it("let out port 443 and names only", () => {
    const ports = of("NetworkPolicy").spec.egress.flatMap((rule) => rule.ports.map(({ port }) => port));
    expect([...new Set(ports)].sort()).toEqual([443, 53]);
  });
});

describe("the systemd unit", () => {
  const unit = read("systemd/agent-factory-worker.service");
  const values = (key: string): string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value ?? "");
  const env = Object.fromEntries(
    values("Environment").map((pair): [string, string] => [
      pair.split("=")[0] ?? "",
      pair.slice(pair.indexOf("=") + 1),
    ]),
  );

  it("restarts after what may mend itself, not after what a person must mend", () => {
    expect(values("Restart")).toEqual(["on-failure"]);
    expect(values("RestartPreventExitStatus")).toEqual([String(exitCodes.fatal)]);
  });

  it("waits longer than a worker needs to stop, and signals the worker alone", () => {
    expect(values("KillSignal")).toEqual(["SIGTERM"]);
    expect(values("KillMode")).toEqual(["mixed"]);
    expect(Number(values("TimeoutStopSec")[0])).toBeGreaterThanOrEqual(stopS(env));
  });

  it("sets variables that the worker has, below its own directory, and no secret", () => {
    const { NODE_ENV: _nodeEnv, ...own } = env;
    const rest = {
      BASE_INTERNAL_URL: "https://a.convex.site/agent-factory",
      AGENT_TOKEN: "t",
      ENGINE: "echo",
    };
    expect(problemsOf({ ...own, ...rest })).toEqual(none);
    expect(values("StateDirectory")).toEqual(["agent-factory-worker"]);
    for (const value of Object.values(own)) expect(value).toMatch(/^\/var\/lib\/agent-factory-worker(\/|$)/);
  });

  it("is what systemd understands", ({ skip }) => {
    if (tryRun("systemd-analyze", ["--version"]) === null)
      return skip("systemd-analyze is not on this machine");
    const temp = mkdtempSync(path.join(tmpdir(), "unit-"));
    try {
      const file = path.join(temp, "agent-factory-worker.service");
      // The program must be there for the check; where it is installed is the operator's business.
      writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      expect(tryRun("systemd-analyze", ["verify", file])).toEqual({ code: 0, complaints: "" });
      // In tenths: an exposure of at most 2.0.
      expect(tryRun("systemd-analyze", ["security", "--offline=yes", "--threshold=20", file])?.code).toBe(0);
      writeFileSync(file, unit.replace("KillMode=mixed", "KillMood=mixed"));
      expect(tryRun("systemd-analyze", ["verify", file])?.complaints).toContain("KillMood");
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
  });
});

describe("fly.toml", () => {
  const app = flyApp.parse(readToml(read("fly.toml")));

  it("with the secrets is a valid environment, and holds none of them", () => {
    expect(problemsOf({ ...app.env, AGENT_TOKEN: "t", OPENAI_API_KEY: "k" })).toEqual(none);
    expect(Object.keys(app.env).filter((name) => /TOKEN|KEY|SECRET/.test(name))).toEqual([]);
  });

  it("waits longer than a worker needs to stop, checks where it listens, and runs this version", () => {
    expect(app.kill_signal).toBe("SIGTERM");
    expect(app.kill_timeout).toBeGreaterThanOrEqual(stopS(app.env));
    expect(app.checks["connected"]).toMatchObject({ path: "/healthz", port: Number(app.env["HEALTH_PORT"]) });
    expect(app.env["HEALTH_HOST"]).toBe("::");
    expect(app.vm[0]?.memory).toBe("2gb");
    expect(app.build.image.split(":")[1]).toBe(version);
  });

  it("is refused with a field that Fly does not have", () => {
    expect(flyApp.safeParse(readToml(`${read("fly.toml")}\n[build2]\nimage = "x"`)).success).toBe(false);
    expect(() => readToml("app: x")).toThrow("not understood");
  });
});

/** Its exit code and complaints; null: it is not on this machine. */
function tryRun(program: string, args: string[]): { code: number | null; complaints: string } | null {
  const { error, status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return error === undefined ? { code: status, complaints: stderr } : null;
}
