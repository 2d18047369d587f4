/** Time, chance and the network as the actions of a schedule see them: made up, and the same for the same seed. */
import { currentFrame, installGlobals, Interleaving } from "../../sim/engine/index.js";
import type { SimClock } from "../../sim/fly/clock.js";
import { seeded, type Random } from "../simulation/random.js";

export class FleetTime extends Interleaving {
  /** How often, from 0 to 1, an action dies before one of its calls. */
  crashChance = 0;
  /** Takes the calls of actions to the outside. */
  fetch: (url: string, init: RequestInit) => Promise<Response> = () =>
    Promise.reject(new Error("no network"));
  /** Hears of each action that dies. */
  onCrash: (action: string) => void = () => undefined;
  private readonly crashes: Random;

  constructor(seed: number) {
    super({ seed, stepMs: 3 });
    this.crashes = seeded(seed + 77);
  }

  interrupts(action: string): boolean {
    if (this.crashChance === 0 || !this.crashes.chance(this.crashChance)) return false;
    this.onCrash(action);
    return true;
  }

  /** Everything stands still for that long. */
  standStill(ms: number): void {
    this.clockMs += ms;
  }

  /** For the simulated cloud. */
  readonly clock: SimClock = {
    now: () => this.now(),
    after: (ms, act) => this.at(this.now() + ms, act),
  };
}

let current: FleetTime | null = null;
let isInstalled = false;

/** From now on actions live in this time. One schedule at a time. */
export function liveIn(time: FleetTime | null): void {
  install();
  current = time;
}

/** The time of the action that is running here; null for everybody else. */
const ownTime = (): FleetTime | null => (currentFrame() ? current : null);

/** Gives actions timers, `fetch` and random numbers of the schedule. What else runs in this process keeps its own. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  installGlobals();
  const { setTimeout: realTimeout, fetch: realFetch } = globalThis;
  const timeout = (run: () => void, ms = 0): unknown => {
    const time = ownTime();
    return time ? time.at(time.now() + ms, run) : realTimeout(run, ms);
  };
  const fetch = (url: string, init: RequestInit = {}): Promise<Response> =>
    ownTime()?.fetch(url, init) ?? realFetch(url, init);
  Object.assign(globalThis, {
    setTimeout: Object.defineProperties(timeout, Object.getOwnPropertyDescriptors(realTimeout)),
    fetch,
  });
  const realSignal = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => {
    const time = ownTime();
    if (!time) return realSignal(ms);
    const controller = new AbortController();
    time.at(time.now() + ms, () => controller.abort(new DOMException("timed out", "TimeoutError")));
    return controller.signal;
  };
  const realValues = crypto.getRandomValues.bind(crypto);
  crypto.getRandomValues = (array) => {
    const frame = currentFrame();
    if (!frame || !current || array === null) return realValues(array);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = Math.floor(frame.random() * 256);
    return array;
  };
}
