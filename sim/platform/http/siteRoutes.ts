import { Hono } from "hono";
import type { SimEnv } from "../../faults/index.js";
import type { Engine } from "../../engine/index.js";
import type { Installation } from "../app/definition.js";

/**
 * HTTP actions: an exact route or prefix of the app's `http.ts` first, then the component mounted under the longest
 * matching `httpPrefix`. A handler that throws answers 500.
 */
export function siteRoutes(
  engine: Engine,
  installations: readonly Installation[],
  log: (line: string) => void,
): Hono<SimEnv> {
  const mounts = installations
    .flatMap(({ path, httpPrefix }) =>
      httpPrefix !== undefined && path !== "" ? [{ path, prefix: fullPrefix(installations, path) }] : [],
    )
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return new Hono<SimEnv>().all("*", async (c) => {
    const { pathname } = new URL(c.req.url);
    try {
      const root = await engine.http("", pathname, c.req.raw);
      if (root) return root;
      const mount = mounts.find(({ prefix }) => pathname.startsWith(`${prefix}/`));
      const mounted =
        mount && (await engine.http(mount.path, pathname.slice(mount.prefix.length), c.req.raw));
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

function fullPrefix(installations: readonly Installation[], path: string): string {
  const parts = path.split("/");
  return parts
    .map((_part, index) => parts.slice(0, index + 1).join("/"))
    .map((ancestor) => installations.find((one) => one.path === ancestor)?.httpPrefix ?? "")
    .join("");
}
