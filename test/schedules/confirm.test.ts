/** A wake-up that chance hardly finds: an arrival relies on a look whose alarm the confirming look takes before. */
import { expect, it } from "vitest";
import { Engine, type Pace } from "../../sim/engine/index.js";
import { loadComponent } from "./component.js";
import { COMPONENT } from "./mirror.js";

/** Time stands still, timers run when the test says so, and a commit waits for as long as it is held. */
class Slow implements Pace {
  clockMs = Date.UTC(2030, 0, 1);
  private held: Promise<void> | null = null;
  private drawn = 0;
  readonly now = () => this.clockMs;
  readonly random = () => (this.drawn = (this.drawn + 0.618) % 1);
  readonly begin = () => Promise.resolve();
  readonly backOff = () => Promise.resolve();
  readonly at = () => () => undefined;
  beforeCommit = () => {
    const { held } = this;
    this.held = null;
    return held ?? Promise.resolve();
  };

  /** Starts a transaction whose commit waits. @returns how to let it go on. */
  hold<T>(start: () => Promise<T>): () => Promise<T> {
    let release: () => void = () => undefined;
    this.held = new Promise((resolve) => (release = resolve));
    const running = start();
    return () => {
      release();
      return running;
    };
  }

  /** Until every transaction that runs waits for its commit. */
  settle = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
}

it("a confirming look that took another one's alarm confirms once more", async () => {
  const time = new Slow();
  const engine = await Engine.start({
    components: [
      { path: "", modules: {} },
      { path: COMPONENT, modules: await loadComponent(), env: {} },
    ],
    pace: time,
  });
  const call = (udfPath: string, args: Parameters<Engine["call"]>[1]) =>
    engine.call({ componentPath: COMPONENT, udfPath }, args);
  const send = (conversationId: string) =>
    call("lib:enqueue", {
      conversationId,
      agentKey: "a",
      payload: { provider: "app", providerUserId: "u", messageText: "hello" },
    });
  const alarms = (kind: string) => engine.documents(COMPONENT, "alarms").filter((row) => row.kind === kind);
  const plannedLooks = () =>
    engine
      .documents(COMPONENT, "_scheduled_functions")
      .filter(
        ({ name, state }) => name === "queue.js:observe" && (state as { kind: string }).kind === "pending",
      );

  await call("lib:configureAgent", { agentKey: "a", version: "1", secretsRef: [], enabled: true });
  await send("c0");
  await call("queue:observe", { alarm: alarms("pass")[0]!._id! });
  const [near] = alarms("look");
  await call("lib:claim", { workerId: "w" });

  time.clockMs = (near!.at as number) - 150;
  const arrive = time.hold(() => send("c1"));
  await time.settle();
  expect(alarms("pass"), "it relies on the published line").toEqual([]);
  time.clockMs = (near!.at as number) + 1;
  const confirm = time.hold(() => call("queue:observe", { confirming: true }));
  await time.settle();
  await arrive();
  const before = plannedLooks().length;
  await confirm();
  expect(alarms("look"), "the confirming look stands for the near one").toEqual([]);
  expect(plannedLooks()).toHaveLength(before + 1);
  engine.close();
});
