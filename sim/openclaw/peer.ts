import type { RawData, WebSocket } from "ws";

/** `error` of a failed response, as the gateway shapes it. */
export interface ErrorShape {
  code: "INVALID_REQUEST" | "NOT_PAIRED" | "UNAVAILABLE";
  message: string;
  details?: Record<string, unknown>;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** What a request is answered with; a failed run carries both an error and a payload. */
export interface Answer {
  ok: boolean;
  payload?: unknown;
  error?: ErrorShape;
}

export function refusal(
  code: ErrorShape["code"],
  message: string,
  rest: Omit<ErrorShape, "code" | "message"> = {},
): Answer {
  return { ok: false, error: { code, message, ...rest } };
}

/** One client's socket. */
export class Peer {
  /** Set once `connect` has succeeded. */
  authenticated = false;
  /** While true nothing is sent, although the socket stays open. */
  silent = false;

  constructor(
    readonly socket: WebSocket,
    /** The client sent an Origin header, as only browsers do. */
    readonly hasOrigin: boolean,
    readonly connId: string,
  ) {}

  answer(requestId: string, answer: Answer): void {
    this.send({ type: "res", id: requestId, ...answer });
  }

  event(event: string, payload: unknown, seq?: number): void {
    this.send({ type: "event", event, payload, ...(seq === undefined ? {} : { seq }) });
  }

  /** Answers, then closes with the code the real gateway uses for this refusal. */
  refuse(requestId: string, answer: Answer, closeCode: number): void {
    this.answer(requestId, answer);
    this.socket.close(closeCode, answer.error?.message.slice(0, 120));
  }

  private send(frame: object): void {
    if (this.silent || this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(JSON.stringify(frame));
  }
}

/** The text of a frame, however the socket delivered it. */
export function frameText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}
