import { type Answer, type Peer, refusal } from "./peer.js";
import { connectParamsSchema, describeViolation, type RequestFrame } from "./params.js";

/** The wire protocol of the imitated version (2026.7.1 and later). */
export const PROTOCOL = 4;

/** What the gateway knows when somebody connects. */
export interface HandshakeContext {
  token: string;
  protocol: number;
  bootId: string;
  tickIntervalMs: number;
  /** Set while the gateway is still starting. */
  startingRetryAfterMs: number | undefined;
}

/**
 * Judges the first request on a socket. Every refusal also closes it, with the code of the real gateway.
 * @returns whether the peer is now authenticated.
 */
export function handshake(context: HandshakeContext, peer: Peer, frame: RequestFrame): boolean {
  const verdict = judge(context, peer, frame);
  if (verdict.closeCode !== undefined) {
    peer.refuse(frame.id, verdict.answer, verdict.closeCode);
    return false;
  }
  peer.authenticated = true;
  peer.answer(frame.id, verdict.answer);
  return true;
}

function judge(
  context: HandshakeContext,
  peer: Peer,
  frame: RequestFrame,
): { answer: Answer; closeCode?: number } {
  const refused = (message: string, detailsCode?: string, details: Record<string, unknown> = {}) =>
    refusal(
      "INVALID_REQUEST",
      message,
      detailsCode === undefined ? {} : { details: { code: detailsCode, ...details } },
    );

  if (frame.method !== "connect") {
    return { answer: refused("invalid handshake: first request must be connect"), closeCode: 1008 };
  }
  const parsed = connectParamsSchema.safeParse(frame.params);
  if (!parsed.success) {
    return { answer: refused(describeViolation("connect", parsed.error)), closeCode: 1008 };
  }
  const params = parsed.data;
  if (params.minProtocol > context.protocol || params.maxProtocol < context.protocol) {
    return {
      answer: refused("protocol mismatch", "PROTOCOL_MISMATCH", { expectedProtocol: context.protocol }),
      closeCode: 1002,
    };
  }
  if (peer.hasOrigin) {
    return { answer: refused("origin not allowed", "CONTROL_UI_ORIGIN_NOT_ALLOWED"), closeCode: 1008 };
  }
  if (context.startingRetryAfterMs !== undefined) {
    return {
      answer: refusal("UNAVAILABLE", "gateway starting; retry shortly", {
        retryable: true,
        retryAfterMs: context.startingRetryAfterMs,
        details: { reason: "startup-sidecars" },
      }),
      closeCode: 1013,
    };
  }
  const presented = params.auth?.token ?? params.auth?.password;
  if (presented === undefined) {
    return {
      answer: refusal("NOT_PAIRED", "device identity required", {
        details: { code: "DEVICE_IDENTITY_REQUIRED" },
      }),
      closeCode: 1008,
    };
  }
  if (presented !== context.token) {
    return {
      answer: refused("unauthorized: gateway token mismatch", "AUTH_TOKEN_MISMATCH", {
        canRetryWithDeviceToken: false,
      }),
      closeCode: 1008,
    };
  }
  return { answer: { ok: true, payload: helloOk(context, peer, params.role, params.scopes) } };
}

function helloOk(context: HandshakeContext, peer: Peer, role = "operator", scopes: string[] = []): object {
  return {
    type: "hello-ok",
    protocol: context.protocol,
    server: { version: "2026.9.6-fake", connId: peer.connId, bootId: context.bootId },
    features: {
      methods: ["agent", "agent.wait", "chat.abort", "chat.history", "health"],
      events: ["agent", "chat", "tick", "health", "shutdown"],
      capabilities: [],
    },
    snapshot: {
      sessionDefaults: { defaultAgentId: "main", mainSessionKey: "agent:main:main", scope: "per-sender" },
    },
    auth: { method: "token", role, scopes },
    policy: {
      maxPayload: 26_214_400,
      maxBufferedBytes: 52_428_800,
      tickIntervalMs: context.tickIntervalMs,
      attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
    },
  };
}
