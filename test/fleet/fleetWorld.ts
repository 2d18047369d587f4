/**
 * The component with a simulated Fly behind `fetch` and fake timers: passes, launches and retirements run as they would, a
 * test acts as the workers. Nothing here is real but the component and the provider's adapter.
 */
import { afterEach, beforeAll, beforeEach, vi } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import type { PolicyOverrides } from "../../src/contract/policies.js";
import {
  createFlySimulator,
  NO_FLY_LIMITS,
  PretendLauncher,
  type FlySimulator,
} from "../../sim/fly/index.js";
import { componentModules, createWorld, type World } from "../component/world.js";
import { APP, CONFIG } from "./config.js";

export { CONFIG } from "./config.js";

const { setTimeout: realTimeout } = globalThis;

const CLOUD = "https://happy-animal-123.convex.cloud";

/** Knows only the images that the test says. */
class ChoosyLauncher extends PretendLauncher {
  constructor(
    options: ConstructorParameters<typeof PretendLauncher>[0],
    private readonly isKnown: (image: string) => boolean,
  ) {
    super(options);
  }
  override knows(image: string): boolean {
    return this.isKnown(image);
  }
}

export class FleetWorld {
  /** Images that can be pulled; null: every image. */
  knownImages: string[] | null = null;
  readonly launcher = new ChoosyLauncher(
    { ignoresStop: () => this.hangs },
    (image) => this.knownImages?.includes(image) ?? true,
  );
  readonly fly: FlySimulator;
  /** An action that waits for a fake timer, or for ever, cannot end by itself: after this real time the test goes on. */
  patienceMs = 2_000;
  /** Workers do not react to SIGTERM. */
  hangs = false;
  /** Stands around each call (`POST workers/machines`) to the provider; may never return. */
  aroundCall: (make: () => Promise<Response>, call: string) => Promise<Response> = (make) => make();

  constructor(readonly world: World) {
    this.fly = createFlySimulator({
      apps: [APP],
      launcher: this.launcher,
      rateLimits: NO_FLY_LIMITS,
      bootMs: 500,
      destroyMs: 250,
      claimReleaseMs: 250,
    });
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
      this.aroundCall(
        () => this.fly.fetch(url, init),
        `${init?.method ?? "GET"} ${new URL(url).pathname.replace("/v1/apps/", "")}`,
      ),
    );
  }

  async configure(policies: PolicyOverrides = {}): Promise<void> {
    const { t, lib } = this.world;
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    await t.mutation(lib.importSecret, { secretRef: "fly.apiToken", plaintextValue: this.fly.token });
    await t.mutation(lib.importSecret, { secretRef: "convex.url", plaintextValue: CLOUD });
    await t.mutation(lib.setPolicies, { policies });
  }

  /** Lets `ms` pass. Actions may wait for timers and for the event loop; both go on. */
  async pass(ms: number, stepMs = 250): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await vi.advanceTimersByTimeAsync(Math.min(stepMs, left));
      await Promise.race([
        this.world.t.finishInProgressScheduledFunctions(),
        new Promise<void>((resolve) => realTimeout(resolve, this.patienceMs)),
      ]);
    }
  }

  machines = () => this.world.t.run((ctx) => ctx.db.query("machines").collect());
  workers = () => this.world.t.run((ctx) => ctx.db.query("workers").collect());
  /** The processes that run now. */
  running = () => this.launcher.started.filter((process) => process.running);
  /** The worker id of the nth machine ever started. */
  workerOf = (n: number): string => this.launcher.started[n]?.job.env.WORKER_ID ?? "";

  /** The process's name that workers give; undefined: they are of an image that knows none. */
  instance: string | undefined = "process";

  claim = (workerId: string) =>
    this.world.t.mutation(this.world.lib.claim, { workerId, stateful: true, instance: this.instance });

  /** As a worker does between messages. */
  async poll(): Promise<void> {
    for (const { job } of this.running()) await this.claimOf(job.env.WORKER_ID ?? "");
  }
  private claimOf = async (workerId: string): Promise<void> => {
    await this.claim(workerId);
  };

  async answer(workerId: string): Promise<string | null> {
    const job = await this.claim(workerId);
    if (!job) return null;
    await this.world.complete(workerId, job);
    return job.payload.messageText;
  }

  /** A worker's whole drain: upload, finalize, exit. */
  async saveAndExit(n: number): Promise<void> {
    await this.save(n);
    this.launcher.started[n]?.exit();
  }

  /** What a worker does that was asked to give way. */
  async saveAndRelease(n: number): Promise<void> {
    const saved = await this.save(n);
    const { t, lib } = this.world;
    if (saved) await t.mutation(lib.releaseConversation, { workerId: this.workerOf(n), ...saved });
  }

  private async save(n: number): Promise<{ conversationId: string; snapshotId: string } | null> {
    const { t, lib } = this.world;
    const worker = this.workerOf(n);
    const row = (await this.workers()).find(({ workerId }) => workerId === worker);
    const { binding } = row ?? {};
    if (!binding) return null;
    const { conversationId } = binding;
    const prepared = await t.mutation(lib.prepareDataSnapshotUpload, {
      workerId: worker,
      workspaceId: binding.workspace,
      agentKey: binding.agentKey,
      conversationId,
      reason: "drain",
    });
    const bytes = new TextEncoder().encode(`memory of ${conversationId}`);
    const storageId = await t.run((ctx) => ctx.storage.store(new Blob([bytes])));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    await t.mutation(lib.finalizeDataSnapshotUpload, {
      workerId: worker,
      snapshotId: prepared.snapshotId,
      storageId,
      sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      sizeBytes: bytes.byteLength,
    });
    return { conversationId, snapshotId: prepared.snapshotId };
  }

  /**
   * Time goes on with workers that do what real ones do: poll, answer, save and leave when told to, until `done` holds.
   * The component's cron runs once a minute. Returns the texts answered. Throws when `done` does not hold in time.
   */
  async live(done: () => Promise<boolean>, mostMs: number, stepMs = 1_000): Promise<string[]> {
    const answered: string[] = [];
    for (let ms = 0; ms < mostMs; ms += stepMs) {
      await this.pass(stepMs, stepMs);
      if (ms % 60_000 === 0) await this.sweep();
      const rows = new Map((await this.workers()).map((row) => [row.workerId, row]));
      for (const [n, process] of this.launcher.started.entries()) {
        if (!process.running) continue;
        const status = rows.get(this.workerOf(n))?.status;
        if (status === "draining") await this.saveAndExit(n);
        else if (rows.get(this.workerOf(n))?.binding?.askedAt !== undefined) await this.saveAndRelease(n);
        else if (status !== "active") process.exit();
        else {
          const text = await this.answer(this.workerOf(n));
          if (text !== null) answered.push(text);
        }
      }
      if (await done()) return answered;
    }
    throw new Error(`not done after ${mostMs} ms; answered ${answered.join(", ")}`);
  }

  /** Nothing costs money and nothing waits. */
  async atRest(): Promise<boolean> {
    const { machinesNow, volumesNow } = this.fly.counts();
    return machinesNow === 0 && volumesNow === 0 && (await this.machines()).every(({ live }) => !live);
  }

  /** Another one than the fleet's own launches: a machine of this deployment, made behind its back. */
  async makeMachine(name: string): Promise<void> {
    const tag = { agent_factory_deployment: `${CLOUD}|`, agent_factory_worker: name };
    await this.fly.fetch(`https://fly.test/v1/apps/${APP}/machines`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.fly.token}`, "content-type": "application/json" },
      body: JSON.stringify({ name, region: "iad", config: { image: "x", metadata: tag } }),
    });
  }

  reconcile = () => this.world.t.action(this.world.lib.reconcileWorkers, {});
  sweep = () => this.world.t.mutation(internal.tick.everyMinute, {});
}

/** A fresh fleet before each test of the file; `next()` makes another one within a test. */
export function useFleet(): (() => FleetWorld) & { next: () => Promise<FleetWorld> } {
  let current: FleetWorld | null = null;
  const create = async (): Promise<FleetWorld> => {
    const world = createWorld();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await world.agent();
    current = new FleetWorld(world);
    return current;
  };
  const end = async (): Promise<void> => {
    await current?.fly.close();
    vi.useRealTimers();
    vi.restoreAllMocks();
  };
  // Loading a module takes real time, which fake timers would not wait for.
  beforeAll(async () => {
    const functions = Object.entries(componentModules).filter(([file]) => !file.endsWith("convex.config.ts"));
    await Promise.all(functions.map(([, load]) => load()));
  });
  beforeEach(async () => {
    vi.stubEnv("CONVEX_CLOUD_URL", CLOUD);
    vi.stubEnv("CONVEX_SITE_URL", "https://happy-animal-123.convex.site");
    vi.stubEnv("FLY_API_BASE_URL", "https://fly.test/v1");
    await create();
  });
  afterEach(async () => {
    await end();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });
  const fleet = () => {
    if (!current) throw new Error("the fleet exists inside tests only");
    return current;
  };
  return Object.assign(fleet, {
    next: async () => {
      await end();
      return await create();
    },
  });
}
