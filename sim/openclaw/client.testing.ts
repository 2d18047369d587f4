import { WebSocket } from "ws";
import { z } from "zod";
import { frameText } from "./peer.js";

const frameSchema = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z.looseObject({}).optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
export type Frame = z.output<typeof frameSchema>;

/** A raw client for tests: sends any frame and keeps every frame it got. */
export class RawClient {
  readonly frames: Frame[] = [];
  closeCode: number | undefined;
  private readonly socket: WebSocket;
  private readonly waiting = new Set<() => void>();
  private lastId = 0;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data) => {
      this.frames.push(frameSchema.parse(JSON.parse(frameText(data))));
      this.changed();
    });
    this.socket.on("close", (code: number) => {
      this.closeCode = code;
      this.changed();
    });
  }

  /** Resolves with the first defined result of `read`, asked again after every frame and at the end. */
  async until<T>(read: () => T | undefined): Promise<T> {
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private changed(): void {
    this.waiting.forEach((wake) => wake());
    this.waiting.clear();
  }

  event(name: string): Promise<Frame> {
    return this.until(() => this.frames.find((frame) => frame.event === name));
  }

  /** The n-th response to a request. */
  response(id: string, index = 0): Promise<Frame> {
    return this.until(() => this.frames.filter((frame) => frame.id === id)[index]);
  }

  closed(): Promise<number> {
    return this.until(() => this.closeCode);
  }

  send(method: string, params: object): string {
    this.lastId += 1;
    this.raw({ type: "req", id: `r${this.lastId}`, method, params });
    return `r${this.lastId}`;
  }

  raw(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Sends one request and returns its first response. */
  call(method: string, params: object): Promise<Frame> {
    return this.response(this.send(method, params));
  }

  async connect(overrides: Record<string, unknown> = {}): Promise<Frame> {
    await this.event("connect.challenge");
    return this.call("connect", {
      minProtocol: 3,
      maxProtocol: 4,
      client: { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend" },
      auth: { token: "secret" },
      ...overrides,
    });
  }

  end(): void {
    this.socket.terminate();
  }
}
