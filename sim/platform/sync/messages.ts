import type { JSONValue } from "convex/values";
import { z } from "zod";
import { argsSchema } from "../app/wire.js";

/** The sync protocol of convex 1.48 (`src/browser/sync/protocol.ts` of its npm package); other clients send null for what is not there. */
const querySetId = z.number().int().nonnegative();
const call = { udfPath: z.string(), args: argsSchema, componentPath: z.string().nullish() };

/** Everything a client may send. */
export const clientMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("Connect"),
    sessionId: z.string(),
    connectionCount: z.number(),
    maxObservedTimestamp: z.string().nullish(),
  }),
  z.object({
    type: z.literal("Authenticate"),
    tokenType: z.enum(["User", "Admin", "None"]),
    value: z.string().nullish(),
    baseVersion: querySetId,
  }),
  z.object({
    type: z.literal("ModifyQuerySet"),
    baseVersion: querySetId,
    newVersion: querySetId,
    modifications: z.array(
      z.discriminatedUnion("type", [
        z.object({ type: z.literal("Add"), queryId: querySetId, ...call }),
        z.object({ type: z.literal("Remove"), queryId: querySetId }),
      ]),
    ),
  }),
  z.object({ type: z.literal("Mutation"), requestId: querySetId, ...call }),
  z.object({ type: z.literal("Action"), requestId: querySetId, ...call }),
  z.object({ type: z.literal("Event") }),
]);
type ClientMessage = z.output<typeof clientMessage>;
/** A message of one kind. */
export type Of<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

/** Nanoseconds as 8 little-endian bytes in base64. */
function encodeTs(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}
/** 0 for anything that is no timestamp. */
export function decodeTs(text: string): bigint {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 8 ? bytes.readBigUInt64LE() : 0n;
}

export interface StateVersion {
  querySet: number;
  identity: number;
  ts: bigint;
}
/** What a query answered, without the id that each client gave it. */
export type QueryOutcome =
  | { type: "QueryUpdated"; value: JSONValue; logLines: string[]; journal: null }
  | {
      type: "QueryFailed";
      errorMessage: string;
      logLines: string[];
      errorData?: JSONValue | undefined;
      journal: null;
    };
type Modification = (QueryOutcome | { type: "QueryRemoved" }) & { queryId: number };
export type CallOutcome =
  | { success: true; result: JSONValue; logLines: string[] }
  | { success: false; result: string; logLines: string[]; errorData?: JSONValue | undefined };
export type ServerMessage =
  | {
      type: "Transition";
      startVersion: StateVersion;
      endVersion: StateVersion;
      modifications: Modification[];
    }
  | ({ type: "MutationResponse"; requestId: number; ts?: bigint } & CallOutcome)
  | ({ type: "ActionResponse"; requestId: number } & CallOutcome)
  | { type: "AuthError"; error: string; baseVersion: number; authUpdateAttempted: true }
  | { type: "FatalError"; error: string }
  | { type: "Ping" };

/** A message as it goes over the wire. */
export const encodeMessage = (message: ServerMessage): string =>
  JSON.stringify(message, (_key, value: unknown) => (typeof value === "bigint" ? encodeTs(value) : value));
