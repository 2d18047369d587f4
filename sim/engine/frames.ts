import { AsyncLocalStorage } from "node:async_hooks";

/** One function that is running: what its globals and its calls to the platform mean. */
export interface Frame {
  /** Queries and mutations: time stands still, and neither timers nor the network exist. */
  readonly isTransaction: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch ms. */
  now(): number;
  random(): number;
  log(level: string, values: readonly unknown[]): void;
  syscall(op: string, jsonArgs: string): string;
  asyncSyscall(op: string, jsonArgs: string): Promise<string>;
  jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown>;
}

const frames = new AsyncLocalStorage<Frame | undefined>();

/** The function that is running here, if one is. */
export const currentFrame = (): Frame | undefined => frames.getStore();
export const inFrame = <T>(frame: Frame, body: () => T): T => frames.run(frame, body);
/** Runs what belongs to no function, though one may have caused it. */
export const outsideFrames = <T>(body: () => T): T => frames.run(undefined, body);
