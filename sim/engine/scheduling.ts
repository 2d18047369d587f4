import { z } from "zod";
import { SCHEDULED } from "./catalog.js";
import { addressSchema, type FunctionPath } from "./functions.js";
import { MAX_SCHEDULE_MS } from "./limits.js";
import type { Runtime } from "./runtime.js";
import { readDocument, type NewJob, type Transaction } from "./transaction.js";
import { hasPlaceholder, type Fields } from "./values.js";

const scheduleArgs = z.object({ ts: z.number(), args: z.record(z.string(), z.json()) }).and(addressSchema);

/** What a job's row in `_scheduled_functions` says. */
export type JobState =
  { kind: "pending" | "inProgress" | "success" | "canceled" } | { kind: "failed"; error: string };

/**
 * What a function asks the scheduler for.
 * @throws Error when the function does not exist, is a query, or the time is years away.
 */
export async function jobFrom(
  runtime: Runtime,
  { componentPath }: FunctionPath,
  jsonArgs: string,
): Promise<Omit<NewJob, "id">> {
  const request = scheduleArgs.parse(JSON.parse(jsonArgs));
  const {
    componentPath: targetComponent,
    udfPath,
    type,
  } = await runtime.registry.resolve(componentPath, request);
  if (type === "query") throw new Error(`Queries cannot be scheduled: ${udfPath}`);
  const argsJson = JSON.stringify(request.args);
  if (hasPlaceholder(argsJson)) throw new Error("A commit timestamp placeholder cannot be scheduled");
  const at = request.ts * 1_000;
  if (Math.abs(at - runtime.pace.now()) > MAX_SCHEDULE_MS)
    throw new Error(`${new Date(at).toISOString()} is more than five years away`);
  return { componentPath, target: { componentPath: targetComponent, udfPath }, argsJson, at };
}

/** The state of a job of this component; null when there is none. */
export function jobState(
  runtime: Runtime,
  tx: Transaction,
  componentPath: string,
  id: string,
): JobState | null {
  const table = runtime.catalog.table(componentPath, SCHEDULED);
  return (readDocument(tx, table, id)?.fields.state as JobState | undefined) ?? null;
}

/** Writes how far a job is. A job that is over keeps its state. */
export function setJobState(
  runtime: Runtime,
  tx: Transaction,
  componentPath: string,
  id: string,
  state: JobState,
): void {
  const table = runtime.catalog.table(componentPath, SCHEDULED);
  const row = readDocument(tx, table, id);
  const before = row?.fields.state as JobState | undefined;
  if (!row || (before?.kind !== "pending" && before?.kind !== "inProgress")) return;
  const isOver = state.kind !== "pending" && state.kind !== "inProgress";
  const fields: Fields = { ...row.fields, state, ...(isOver ? { completedTime: runtime.pace.now() } : {}) };
  tx.writeSystem(table, id, fields);
}

/** @throws Error for an id that is of no job of this component. */
export function cancelJob(runtime: Runtime, tx: Transaction, componentPath: string, id: string): void {
  if (runtime.catalog.tableOfId(componentPath, id)?.name !== SCHEDULED)
    throw new Error(`Invalid id for cancel: "${id}" is no scheduled function of this component`);
  setJobState(runtime, tx, componentPath, id, { kind: "canceled" });
}
