import { Hono } from "hono";
import type { SimEnv } from "../../faults/index.js";
import type { Backend } from "../app/backend.js";

/**
 * HTTP actions: an exact route or prefix of the app's `http.ts` first, then the component mounted under the longest
 * matching `httpPrefix`. A handler that throws answers 500.
 */
export function siteRoutes(backend: Backend, log: (line: string) => void): Hono<SimEnv> {
  const mounts = backend.installations
    .flatMap(({ path, httpPrefix }) =>
      httpPrefix !== undefined && path !== "" ? [{ path, prefix: fullPrefix(backend, path) }] : [],
    )
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return new Hono<SimEnv>().all("*", async (c) => {
    const { pathname } = new URL(c.req.url);
    try {
      const root = await backend.handleHttp("", pathname, c.req.raw);
      if (root) return root;
      const mount = mounts.find(({ prefix }) => pathname.startsWith(`${prefix}/`));
      const mounted =
        mount && (await backend.handleHttp(mount.path, pathname.slice(mount.prefix.length), c.req.raw));
      return mounted ?? c.text(`No HttpAction routed for ${pathname}`, 404);
    } catch (error) {
      log(`http ${c.req.method} ${pathname} failed: ${String(error)}`);
      return c.json(
        { code: "InternalServerError", message: "Your request couldn't be completed. Try again later." },
        500,
      );
    }
  });
}

function fullPrefix(backend: Backend, path: string): string {
  const parts = path.split("/");
  return parts
    .map((_part, index) => parts.slice(0, index + 1).join("/"))
    .map((ancestor) => backend.installations.find((one) => one.path === ancestor)?.httpPrefix ?? "")
    .join("");
}
