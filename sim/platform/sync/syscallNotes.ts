import { z } from "zod";
import type { Scope } from "../app/scope.js";
import type { ReadSet } from "./reads.js";

const fields = z.record(z.string(), z.unknown());
const getArgs = z.object({ table: z.string().optional(), id: z.string() });
const insertArgs = z.object({ table: z.string(), value: fields });
const changeArgs = z.object({ table: z.string().optional(), id: z.string(), value: fields.optional() });
const queryArgs = z.object({ query: z.unknown() });
const nextAnswer = z.object({ value: z.unknown() });
const insertAnswer = z.object({ _id: z.string() });

/** Notes what a syscall of a query has read, by the names that convex 1.48 gives its syscalls. */
export function noteRead(
  reads: ReadSet,
  componentPath: string,
  op: string,
  jsonArgs: string,
  answer: string,
): void {
  switch (op) {
    case "1.0/get": {
      const { id } = getArgs.parse(JSON.parse(jsonArgs));
      if (tableOfId(id).startsWith("_")) reads.noteUnpredictable();
      return reads.noteId(componentPath, id);
    }
    case "1.0/queryStreamNext":
      return reads.noteDocument(componentPath, nextAnswer.parse(JSON.parse(answer)).value);
    case "1.0/queryPage":
      reads.noteQuery(componentPath, queryOf(jsonArgs));
      return reads.notePage(componentPath, JSON.parse(answer));
    case "1.0/count":
    case "1.0/storageGetUrl":
      return reads.noteUnpredictable();
    default:
  }
}

/** The query in the arguments of `queryStream` and `queryPage`. */
export const queryOf = (jsonArgs: string): unknown => queryArgs.parse(JSON.parse(jsonArgs)).query;

/** Tells the listener about a syscall that wrote a document. */
export function noteWrite(scope: Scope, op: string, jsonArgs: string, answer: string): void {
  const { componentPath } = scope;
  switch (op) {
    case "1.0/insert": {
      const { table, value } = insertArgs.parse(JSON.parse(jsonArgs));
      const { _id } = insertAnswer.parse(JSON.parse(answer));
      return scope.onWrite({ componentPath, table, id: _id, fields: value, partial: false });
    }
    case "1.0/shallowMerge":
    case "1.0/replace":
    case "1.0/remove": {
      const { table, id, value } = changeArgs.parse(JSON.parse(jsonArgs));
      const partial = op === "1.0/shallowMerge";
      return scope.onWrite({ componentPath, table: table ?? tableOfId(id), id, fields: value, partial });
    }
    default:
  }
}

/** convex-test's ids are a number and the table's name, in one word or parted by a semicolon. */
const tableOfId = (id: string): string => id.replace(/^\d+;?/, "");
