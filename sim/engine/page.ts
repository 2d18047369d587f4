import { z } from "zod";
import type { Catalog } from "./catalog.js";
import { querySchema, Scan } from "./query.js";
import type { View } from "./transaction.js";

const pageArgs = z.object({
  query: querySchema,
  cursor: z.string().nullable(),
  endCursor: z.string().nullish(),
  pageSize: z.number(),
  maximumRowsRead: z.number().nullish(),
  maximumBytesRead: z.number().nullish(),
});

/** The cursor behind the last document. */
const END = "_end_cursor";

/** One page of `.paginate()`; a cursor is the index key of the document it comes after. */
export function readPage(view: View, catalog: Catalog, componentPath: string, jsonArgs: string): string {
  const args = pageArgs.parse(JSON.parse(jsonArgs));
  if (args.cursor === END) return pageOf([], true, END);
  const scan = new Scan(view, catalog, componentPath, args.query, {
    after: args.cursor === null ? null : decode(args.cursor),
    end: !args.endCursor || args.endCursor === END ? null : decode(args.endCursor),
  });
  const page: string[] = [];
  // Up to an end that was given before, the page has what is there now, however much that is.
  const maxRows = args.endCursor ? Infinity : args.pageSize;
  let isDone = false;
  while (page.length < maxRows) {
    if (scan.looked >= (args.maximumRowsRead ?? Infinity)) break;
    if (scan.lookedBytes >= (args.maximumBytesRead ?? Infinity)) break;
    const document = scan.next();
    if (!document) {
      isDone = true;
      break;
    }
    page.push(document.json);
  }
  if (isDone && args.endCursor && args.endCursor !== END) return pageOf(page, false, args.endCursor);
  return pageOf(page, isDone, isDone || scan.position === null ? END : encode(scan.position));
}

const pageOf = (page: readonly string[], isDone: boolean, continueCursor: string): string =>
  `{"page":[${page.join(",")}],"isDone":${isDone},"continueCursor":${JSON.stringify(continueCursor)},"splitCursor":null,"pageStatus":null}`;

const encode = (key: string): string => Buffer.from(key, "latin1").toString("base64url");
const decode = (cursor: string): string => Buffer.from(cursor, "base64url").toString("latin1");
