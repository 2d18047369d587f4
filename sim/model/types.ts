import type { FaultRuleInput } from "../faults/rules.js";

/** A tool call the model makes instead of answering. */
export interface ScriptedToolCall {
  name: string;
  /** Becomes the JSON string in `function.arguments`. */
  arguments: Record<string, unknown>;
}

/** What a rule may look at. */
export interface AnsweredRequest {
  model: string;
  /** Last real user text: OpenClaw's internal context messages skipped, its wrapper removed. */
  lastUserText: string;
  /** True when the request ends with a tool result, that is, after a tool call turn. */
  endsWithToolResult: boolean;
  /** Text of the last tool result, else an empty string. */
  lastToolText: string;
}

/** An answer of a real server, e.g. one of `test/worker/modelStreams`. */
interface RecordedAnswer {
  body: string | Uint8Array<ArrayBuffer>;
  /** Default 200. */
  status?: number;
  /** Default `text/event-stream; charset=utf-8`. */
  contentType?: string;
}

/** One line of the script. The first rule that matches and is not spent answers. */
export interface ModelRule {
  /** Matches when the last user text contains this (string) or satisfies it (RegExp); absent matches all. */
  lastUser?: string | RegExp;
  model?: string;
  /** Only requests that end (true) or do not end (false) with a tool result. */
  afterTool?: boolean;
  /** How often the rule answers before it is spent; absent means for ever. */
  times?: number;
  /** The answer; in a string `{{text}}` stands for the last user text and `{{tool}}` for the last tool result. */
  answer?: string | ((request: AnsweredRequest) => string);
  toolCalls?: ScriptedToolCall[];
  /** Answers with this HTTP error instead. */
  error?: { status: number; message: string; type?: string };
  /** Answers with exactly these bytes instead, after `firstTokenMs`: another server's dialect, as recorded. */
  recorded?: RecordedAnswer;
  /** Streaming only: the connection is cut after so many content chunks. */
  cutAfterChunks?: number;
  /** Overrides of the server's latencies for this answer. */
  firstTokenMs?: number;
  perTokenMs?: number;
}

/** Options of {@link startModelServer}; everything has a default. */
export interface ModelServerOptions {
  /** Default 0: a free port. The server always listens on 127.0.0.1. */
  port?: number;
  /** Accepted bearer keys; absent accepts any request. */
  apiKeys?: string[];
  /** Known model names; absent accepts every name and lists `sim-1`. */
  models?: string[];
  /** Refuses what the chat templates of Mistral, Gemma and Llama refuse: anything but user and assistant in turns, the user first. */
  strictRoles?: boolean;
  /** The script; when no rule matches, the answer is `answer to: <last user text>`. */
  rules?: ModelRule[];
  /** Wait before the first token. Default 0. */
  firstTokenMs?: number;
  /** Wait before each further token (streaming), or per token in total (not streaming). Default 0. */
  perTokenMs?: number;
  faults?: FaultRuleInput[];
  /** Seed of fault probabilities. Default 1. */
  seed?: number;
}

/** One chat completion request that was authorised and well-formed. Keys are not recorded. */
export interface ModelRequestRecord {
  at: number;
  model: string;
  stream: boolean;
  messages: { role: string; text: string }[];
  lastUserText: string;
  /** Text answered, or undefined while it runs, for errors and for tool calls. */
  answer?: string;
  /** `open` until the last byte was written; `aborted` when the client went away or the answer was cut. */
  outcome: "open" | "answered" | "toolCalls" | "recorded" | "error" | "aborted";
}

/** A running model server. */
export interface ModelServer {
  /** `http://127.0.0.1:<port>/v1`, the usual base URL of OpenAI clients. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Requests in order of arrival (a copy). */
  requests(): ModelRequestRecord[];
  /** Resolves once `n` requests arrived or the predicate holds; rejects after `timeoutMs`. */
  waitForRequests(
    until: number | ((requests: ModelRequestRecord[]) => boolean),
    timeoutMs?: number,
  ): Promise<ModelRequestRecord[]>;
  /** Replaces the script; counters of spent rules start again. */
  setRules(rules: ModelRule[]): void;
  setFaults(faults: FaultRuleInput[]): void;
  close(): Promise<void>;
}
