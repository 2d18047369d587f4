import { Hono } from "hono";
import type { SimEnv } from "../../faults/index.js";
import type { FileAddresses } from "../storage.js";

/** `POST /upload?token=` and `GET /<address>` with a single range, as Convex serves them under `/api/storage`. */
export function storageRoutes(files: FileAddresses): Hono<SimEnv> {
  return new Hono<SimEnv>()
    .post("/upload", async (c) => {
      const type = c.req.header("content-type") ?? "";
      const storageId = await files.upload(
        c.req.query("token") ?? "",
        new Blob([await c.req.arrayBuffer()], { type }),
      );
      if (storageId === null)
        return c.json({ code: "Unauthenticated", message: "The upload token is unknown or expired" }, 401);
      return c.json({ storageId });
    })
    .get("/:address", async (c) => {
      const file = files.file(c.req.param("address"));
      if (!file) return c.json({ code: "FileNotFound", message: "File not found" }, 404);
      const headers: Record<string, string> = {
        "content-type": file.type || "application/octet-stream",
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=2592000",
      };
      const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header("range") ?? "");
      if (!range) return c.body(await file.arrayBuffer(), 200, headers);
      const from = Number(range[1]);
      const to = Math.min(range[2] ? Number(range[2]) : file.size - 1, file.size - 1);
      if (from > to) return c.body(null, 416, { "content-range": `bytes */${file.size}` });
      headers["content-range"] = `bytes ${from}-${to}/${file.size}`;
      return c.body(await file.slice(from, to + 1).arrayBuffer(), 206, headers);
    });
}
