import { Engine, type ComponentSource, type EngineSettings } from "./index.js";
import { realPace, type Pace } from "./pace.js";

/** Lets everything run at once, but holds back the commits that a test asks it to. */
export class HeldPace implements Pace {
  readonly now = () => realPace.now();
  readonly random = () => realPace.random();
  readonly begin = () => realPace.begin();
  readonly at: Pace["at"] = (timeMs, run) => realPace.at(timeMs, run);
  readonly backOffs: number[] = [];
  private holds = 0;
  private release: (() => void) | null = null;
  private onHeld: (() => void) | null = null;

  backOff(ms: number): Promise<void> {
    this.backOffs.push(ms);
    return Promise.resolve();
  }

  beforeCommit(): Promise<void> {
    if (this.holds === 0) return Promise.resolve();
    this.holds -= 1;
    return new Promise((resolve) => {
      this.release = resolve;
      this.onHeld?.();
    });
  }

  /** Starts `first`, runs `second` while it waits for its commit, and lets it go on. */
  async overlap<T>(first: () => Promise<T>, second: () => Promise<unknown>): Promise<T> {
    this.holds += 1;
    const isHeld = new Promise<void>((resolve) => {
      this.onHeld = resolve;
    });
    const result = first();
    await isHeld;
    await second();
    this.release?.();
    return result;
  }
}

/** Modules that are there already. */
export const modulesOf = (modules: Readonly<Record<string, unknown>>): ComponentSource["modules"] =>
  Object.fromEntries(Object.entries(modules).map(([name, module]) => [name, () => Promise.resolve(module)]));

/** An app of one module, `f`, and perhaps a schema and components. */
export async function deploy(
  functions: Readonly<Record<string, unknown>>,
  options: EngineSettings & {
    schema?: unknown;
    components?: ComponentSource[];
    pace?: Pace;
    log?: (line: string) => void;
  } = {},
) {
  const { schema, components = [], pace = new HeldPace(), ...settings } = options;
  const modules = modulesOf({ f: functions, ...(schema ? { schema: { default: schema } } : {}) });
  const engine = await Engine.start({
    ...settings,
    pace,
    components: [{ path: "", modules }, ...components],
  });
  return {
    engine,
    pace: pace as HeldPace,
    run: (name: string, args: Parameters<Engine["call"]>[1] = {}) =>
      engine.call({ componentPath: "", udfPath: `f:${name}` }, args),
    rows: (table: string) => engine.documents("", table),
  };
}
