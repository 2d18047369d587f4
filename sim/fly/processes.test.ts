import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isAlive, startTestedFly } from "./testedFly.js";
import type { FlyServerOptions } from "./types.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(options: FlyServerOptions = {}) {
  const tested = await startTestedFly(options);
  open.push(tested.server);
  const { server } = tested;
  const until = (id: string, holds: (view: ReturnType<typeof tested.view>) => boolean) =>
    server.waitFor(() => holds(tested.view(id)));
  const volume = async (name: string) =>
    ((await tested.call("POST", "/volumes", { name, region: "iad", size_gb: 1 })).body as { id: string }).id;
  return { ...tested, until, volume };
}

type ExitEvents = { events: { type: string; request?: { exit_event: Record<string, unknown> } }[] };

describe("machines are processes", () => {
  it("with the machine's environment (its paths below the mount moved to the volume), Fly's own, and nothing of ours", async () => {
    process.env.SIM_FLY_LEAK = "1";
    const { server, machine, view, until, volume } = await start();
    const mounts = [{ volume: await volume("data_1"), path: "/data" }];
    const paths = { ROOT: "/data", STATE: "/data/.state/x.json", OTHER: "/database", TEXT: "see /data" };
    const id = await machine("afw-1", { image: "waits", env: { WORKER_ID: "afw-1", ...paths }, mounts });
    await until(id, ({ output }) => output.endsWith("}\n"));
    delete process.env.SIM_FLY_LEAK;
    const directory = server.volumes()[0]?.directory ?? "";
    const env = JSON.parse(view(id).output) as Record<string, string>;
    expect(env).toMatchObject({
      WORKER_ID: "afw-1",
      ROOT: directory,
      STATE: `${directory}/.state/x.json`,
      OTHER: "/database",
      TEXT: "see /data",
      FLY_APP_NAME: "workers",
      FLY_MACHINE_ID: id,
      FLY_REGION: "iad",
      FLY_IMAGE_REF: "waits",
    });
    expect(env).not.toHaveProperty("SIM_FLY_LEAK");
    expect(view(id).state).toBe("started");
    expect(isAlive(view(id).pid ?? 0)).toBe(true);
  });

  it("a volume is a directory that outlives its machines", async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), "fly-volumes-"));
    const { server, call, machine, view, until, volume } = await start({ dataDir });
    const id = await volume("data_1");
    const directory = server.volumes()[0]?.directory ?? "";
    const run = async (worker: string) => {
      const machineId = await machine(worker, {
        image: "writes",
        env: { WORKER_ID: worker, DATA_DIR: "/data" },
        mounts: [{ volume: id, path: "/data" }],
        restart: { policy: "no" },
      });
      await until(machineId, ({ state }) => state === "stopped");
      return machineId;
    };
    const destroy = async (machineId: string) => {
      await call("DELETE", `/machines/${machineId}?force=true`);
      await server.waitFor(() => server.volumes()[0]?.attachedMachineId === null);
    };
    await destroy(await run("afw-1"));
    const second = await run("afw-2");
    expect(view(second).output.trim()).toBe("afw-1\nafw-2");
    expect(readFileSync(path.join(directory, "log"), "utf8")).toBe("afw-1\nafw-2\n");
    await destroy(second);
    expect((await call("DELETE", `/volumes/${id}`)).status).toBe(200);
    expect(existsSync(directory)).toBe(false);
    rmSync(dataDir, { recursive: true });
  });

  it("stop is SIGTERM, and the exit is kept", async () => {
    const { call, machine, view, until } = await start();
    const id = await machine("afw-1", { image: "polite" });
    await until(id, ({ output }) => output.includes("ready"));
    const { pid } = view(id);
    expect((await call("POST", `/machines/${id}/stop`, { signal: "SIGTERM", timeout: "5s" })).body).toEqual({
      ok: true,
    });
    await until(id, ({ state }) => state === "stopped");
    expect(isAlive(pid ?? 0)).toBe(false);
    const { events } = (await call("GET", `/machines/${id}`)).body as ExitEvents;
    expect(events[1]).toMatchObject({ type: "stop", status: "stopping", source: "user" });
    expect(events[0]).toMatchObject({ type: "exit", request: { exit_event: { requested_stop: true } } });
    // Fly leaves the code out when it is 0.
    expect(events[0]?.request?.exit_event).not.toHaveProperty("exit_code");
  });

  it("a process that ignores the stop is killed after the timeout", async () => {
    const { call, machine, view, until } = await start();
    const id = await machine("afw-1", { image: "deaf" });
    await until(id, ({ output }) => output.includes("ready"));
    const stopped = performance.now();
    await call("POST", `/machines/${id}/stop`, { signal: "SIGTERM", timeout: "300ms" });
    await until(id, ({ state }) => state === "stopped");
    expect(performance.now() - stopped).toBeGreaterThan(280);
    expect(view(id).exitCodes).toEqual([137]);
  });

  it("a number as timeout is nanoseconds: killed at once", async () => {
    const { call, machine, view, until } = await start();
    const id = await machine("afw-1", { image: "deaf" });
    await until(id, ({ output }) => output.includes("ready"));
    await call("POST", `/machines/${id}/stop`, { signal: "SIGTERM", timeout: 30 });
    await until(id, ({ state }) => state === "stopped");
    expect(view(id).exitCodes).toEqual([137]);
  });

  it("a killed machine is restarted by its policy, as often as that allows", async () => {
    const { server, machine, view, until } = await start();
    const patient = await machine("afw-1", {
      image: "polite",
      restart: { policy: "on-failure", max_retries: 1 },
    });
    for (const exits of [1, 2]) {
      await until(patient, ({ pid }) => pid !== null);
      server.kill(patient);
      await until(patient, ({ exitCodes }) => exitCodes.length === exits);
    }
    await until(patient, ({ state }) => state === "stopped");
    expect(view(patient).exitCodes).toEqual([137, 137]);
    const failing = await machine("afw-2", { image: "fails", restart: { policy: "no" } });
    await until(failing, ({ state }) => state === "stopped");
    expect(view(failing).exitCodes).toEqual([3]);
    expect(() => server.kill(failing)).toThrow("has no process");
  });

  it("whatever a machine started ends with it", async () => {
    const { call, machine, view, until } = await start();
    const id = await machine("afw-1", { image: "parent" });
    await until(id, ({ output }) => output.includes("child"));
    const child = Number(/child (\d+)/.exec(view(id).output)?.[1]);
    expect(isAlive(child)).toBe(true);
    await call("DELETE", `/machines/${id}?force=true`);
    await until(id, ({ state }) => state === "destroyed");
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it("closing ends every process and removes the volumes", async () => {
    const { server, machine, view, until, volume } = await start();
    const mounts = [{ volume: await volume("data_1"), path: "/data" }];
    const ids = [
      await machine("afw-1", { image: "deaf", mounts }),
      await machine("afw-2", { image: "parent" }),
    ];
    await until(ids[0] ?? "", ({ output }) => output.includes("ready"));
    await until(ids[1] ?? "", ({ output }) => output.includes("child"));
    const child = Number(/child (\d+)/.exec(view(ids[1] ?? "").output)?.[1]);
    const pids = [child, ...ids.map((id) => view(id).pid ?? 0)];
    const directory = server.volumes()[0]?.directory ?? "";
    expect([existsSync(directory), ...pids.map(isAlive)]).toEqual([true, true, true, true]);
    await server.close();
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false, false]);
    expect(existsSync(directory)).toBe(false);
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
