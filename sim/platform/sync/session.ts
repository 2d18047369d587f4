import { convexToJson } from "convex/values";
import type { WebSocket } from "ws";
import type { Engine } from "../../engine/index.js";
import { decodeArgs } from "../app/wire.js";
import { failureOf } from "../http/failure.js";
import type { LiveQueries, LiveQuery, QueryCall } from "./liveQueries.js";
import {
  clientMessage,
  encodeMessage,
  type CallOutcome,
  type Of,
  type ServerMessage,
  type StateVersion,
} from "./messages.js";

/** How a mutation ended, and when in the order of commits if it did well. */
export type MutationOutcome = CallOutcome & { ts?: bigint };

/** What all sessions share. */
export interface SyncHub {
  readonly engine: Engine;
  readonly queries: LiveQueries;
  isAdminKey(key: string): boolean;
  /** All subscribed queries reflect at least what was committed up to here. */
  settledTs(): bigint;
  /** The client has seen this timestamp, perhaps from an earlier deployment: continue after it. */
  advancePast(ts: string): void;
  /** Runs the mutation unless this client's request ran before; a repeat gets the first answer. */
  runOnce(
    sessionId: string,
    requestId: number,
    run: () => Promise<MutationOutcome>,
  ): Promise<MutationOutcome>;
  /** Runs again what earlier writes changed and tells everybody. */
  flush(): Promise<void>;
}

interface Subscription {
  query: LiveQuery;
  /** Which answer the client has; absent: none, it does not know the query's version yet. */
  sent?: number;
}

/** One client on its socket. */
export class SyncSession {
  private sessionId = "";
  private admin = false;
  private version: StateVersion = { querySet: 0, identity: 0, ts: 0n };
  private readonly subscriptions = new Map<number, Subscription>();
  /** A mutation's answer waits at the client for a transition of at least this time. */
  private owedTs = 0n;
  private querySetWork: Promise<void> = Promise.resolve();
  private mutations: Promise<void> = Promise.resolve();

  constructor(
    private readonly socket: WebSocket,
    private readonly hub: SyncHub,
    private readonly log: (line: string) => void,
  ) {
    // The client's own errors end in a close, which is all that matters here.
    socket.on("error", () => undefined);
    socket.on("message", (data, isBinary) =>
      this.receive(isBinary || !Buffer.isBuffer(data) ? "" : data.toString("utf8")),
    );
    socket.on("close", () => this.forget());
  }

  send(message: ServerMessage): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(encodeMessage(message));
  }

  /** Cuts the connection as a network would. */
  cut(): void {
    this.socket.terminate();
  }

  /** Sends what changed since the last transition, if anything did or a mutation waits for one. */
  sendChanges(): void {
    const changed = [...this.subscriptions].filter(
      ([, { query, sent }]) => sent !== undefined && sent !== query.revision,
    );
    if (changed.length > 0 || this.owedTs > this.version.ts) this.transition({}, changed);
  }

  private receive(text: string): void {
    const message = clientMessage.safeParse(parseJson(text));
    if (!message.success) return this.fail("The message is not one of the sync protocol");
    switch (message.data.type) {
      case "Connect":
        this.sessionId = message.data.sessionId;
        if (typeof message.data.maxObservedTimestamp === "string")
          this.hub.advancePast(message.data.maxObservedTimestamp);
        return;
      case "ModifyQuerySet":
      case "Authenticate": {
        const change = message.data;
        this.querySetWork = this.querySetWork.then(() =>
          change.type === "Authenticate" ? this.authenticate(change) : this.modifyQuerySet(change),
        );
        return;
      }
      case "Mutation": {
        const request = message.data;
        this.mutations = this.mutations.then(() => this.mutate(request));
        return;
      }
      case "Action":
        void this.act(message.data);
        return;
      case "Event":
        return;
    }
  }

  private async modifyQuerySet({
    baseVersion,
    newVersion,
    modifications,
  }: Of<"ModifyQuerySet">): Promise<void> {
    if (baseVersion !== this.version.querySet)
      return this.fail(`The query set has version ${this.version.querySet}, not ${baseVersion}`);
    const removed: number[] = [];
    const added: [number, Subscription][] = [];
    for (const change of modifications) {
      if (change.type === "Add")
        added.push([change.queryId, this.subscribe(change.queryId, this.callOf(change))]);
      else {
        this.unsubscribe(change.queryId);
        removed.push(change.queryId);
      }
    }
    for (const [, { query }] of added) await this.hub.queries.refresh(query);
    this.transition({ querySet: newVersion }, added, removed);
  }

  private async authenticate({ tokenType, value, baseVersion }: Of<"Authenticate">): Promise<void> {
    if (tokenType === "Admin" && !this.hub.isAdminKey(value ?? "")) {
      const error = "The provided admin key was invalid for this instance";
      return this.send({ type: "AuthError", error, baseVersion, authUpdateAttempted: true });
    }
    const changed = this.admin !== (tokenType === "Admin");
    this.admin = tokenType === "Admin";
    const again: [number, Subscription][] = [];
    if (changed)
      for (const [queryId, { query }] of [...this.subscriptions]) {
        this.unsubscribe(queryId);
        again.push([queryId, this.subscribe(queryId, { ...query.call, admin: this.admin })]);
      }
    for (const [, { query }] of again) await this.hub.queries.refresh(query);
    this.transition({ identity: baseVersion + 1 }, again);
  }

  private async mutate(request: Of<"Mutation">): Promise<void> {
    const { requestId } = request;
    const outcome = await this.hub.runOnce(this.sessionId, requestId, () => this.call("mutation", request));
    this.send({ type: "MutationResponse", requestId, ...outcome });
    // The Rust core (Python) tells its caller of a failure with data only when the next transition comes.
    if (outcome.ts === undefined) return this.transition({}, []);
    this.owedTs = outcome.ts;
    await this.hub.flush();
  }

  private async act(request: Of<"Action">): Promise<void> {
    const { ts: _ts, ...outcome } = await this.call("action", request);
    this.send({ type: "ActionResponse", requestId: request.requestId, ...outcome });
  }

  private async call(
    expected: "mutation" | "action",
    request: Of<"Mutation"> | Of<"Action">,
  ): Promise<MutationOutcome> {
    const { udfPath, args, componentPath, admin } = this.callOf(request);
    try {
      if (componentPath !== "" && !admin) throw new Error("Only an admin may name a component");
      const path = { componentPath, udfPath };
      const { value, ts } = await this.hub.engine.run(path, args, { expected, publicOnly: !admin });
      return { success: true, result: convexToJson(value), logLines: [], ts };
    } catch (error) {
      const { errorMessage, errorData } = failureOf(error);
      return { success: false, result: errorMessage, logLines: [], errorData };
    }
  }

  private callOf(request: Pick<Of<"Action">, "udfPath" | "args" | "componentPath">): QueryCall {
    return {
      udfPath: request.udfPath,
      args: decodeArgs(request.args),
      componentPath: request.componentPath ?? "",
      admin: this.admin,
    };
  }

  private subscribe(queryId: number, call: QueryCall): Subscription {
    const subscription: Subscription = { query: this.hub.queries.subscribe(call) };
    this.subscriptions.set(queryId, subscription);
    return subscription;
  }

  private unsubscribe(queryId: number): void {
    const subscription = this.subscriptions.get(queryId);
    if (!subscription) return;
    this.hub.queries.unsubscribe(subscription.query);
    this.subscriptions.delete(queryId);
  }

  private transition(
    next: Partial<StateVersion>,
    answers: [number, Subscription][],
    removed: number[] = [],
  ): void {
    const ts = this.hub.settledTs();
    const startVersion = this.version;
    const endVersion = { ...startVersion, ...next, ts: ts > startVersion.ts ? ts : startVersion.ts };
    const modifications = answers.flatMap(([queryId, subscription]) => {
      const { outcome, revision } = subscription.query;
      // Removed again before its first answer.
      if (!outcome || this.subscriptions.get(queryId) !== subscription) return [];
      subscription.sent = revision;
      return [{ queryId, ...outcome }];
    });
    this.version = endVersion;
    this.send({
      type: "Transition",
      startVersion,
      endVersion,
      modifications: [
        ...removed.map((queryId) => ({ type: "QueryRemoved" as const, queryId })),
        ...modifications,
      ],
    });
  }

  private fail(error: string): void {
    this.log(`sync: ${error}`);
    this.send({ type: "FatalError", error });
    this.socket.close(1008, error.slice(0, 100));
  }

  private forget(): void {
    for (const queryId of [...this.subscriptions.keys()]) this.unsubscribe(queryId);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
