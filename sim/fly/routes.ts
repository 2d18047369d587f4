/** The Machines API, as far as the adapter uses it: paths, checks in Fly's order, status codes and bodies. */
import { Hono, type Context } from "hono";
import { z } from "zod";
import type { SimEnv } from "../faults/index.js";
import type { SimClock } from "./clock.js";
import type { CloudFaults } from "./cloudFaults.js";
import { zMachineCreate, zStop, zVolumeCreate } from "./config.js";
import type { MachineLife } from "./machineLife.js";
import type { MachineStore } from "./machineStore.js";
import type { FlyRateLimits, RateLimiter } from "./rateLimits.js";
import { Refusal } from "./refusal.js";
import { wireVolume, type VolumeStore } from "./volumeStore.js";

export interface ApiParts {
  apps: string[];
  tokens: string[];
  clock: SimClock;
  faults: CloudFaults;
  limits: FlyRateLimits;
  limiter: RateLimiter;
  machines: MachineStore;
  volumes: VolumeStore;
  life: MachineLife;
}

type ApiContext = Context<SimEnv>;
interface Ask {
  app: string;
  /** Machine or volume id of the path; empty for collections. */
  id: string;
  query: URLSearchParams;
  body: unknown;
}

/** Mount at `/v1/apps`. */
export function apiRoutes(parts: ApiParts): Hono<SimEnv> {
  const { machines, volumes, life, faults } = parts;
  const routes = new Hono<SimEnv>();

  /** `act` behind everything that Fly checks first: token, app, rate. */
  const route = (method: "GET" | "POST" | "DELETE", path: string, act: (ask: Ask) => unknown) =>
    routes.on(method, path, async (c) => {
      try {
        authorize(c, parts.tokens);
        const app = c.req.param("app") ?? "";
        const id = c.req.param("id") ?? "";
        if (!parts.apps.includes(app)) throw new Refusal(404, "app not found");
        const single = method === "GET" && id !== "";
        const limit = single ? parts.limits.get : parts.limits.action;
        if (!parts.limiter.take(`${method} ${path} ${app} ${id}`, limit, parts.clock.now())) {
          throw new Refusal(429, "rate limit exceeded");
        }
        const body: unknown = method === "POST" ? await readJson(c) : undefined;
        return c.json((await act({ app, id, query: new URL(c.req.url).searchParams, body })) as object);
      } catch (error) {
        if (error instanceof Refusal) return c.json(error.body(), error.httpStatus);
        throw error;
      }
    });

  /** A machine that can be acted upon now. */
  const actable = ({ app, id }: Ask) => {
    const machine = machines.of(app, id);
    if (!machines.reachable(machine)) throw new Refusal(503, "unavailable: host unreachable");
    return machine;
  };

  route("GET", "/:app", ({ app }) => ({
    id: app,
    name: app,
    status: "deployed",
    organization: { name: "sim", slug: "sim" },
  }));

  route("GET", "/:app/machines", ({ app, query }) => {
    const listed = machines.list(app);
    const wanted = [...query].filter(([key]) => key.startsWith("metadata."));
    return listed.filter((machine) =>
      wanted.every(([key, value]) => machine.config?.metadata?.[key.slice("metadata.".length)] === value),
    );
  });
  route("POST", "/:app/machines", ({ app, body }) =>
    machines.wire(machines.create(app, parse(zMachineCreate, body))),
  );
  route("GET", "/:app/machines/:id", ({ app, id }) => machines.wire(machines.of(app, id)));
  route("POST", "/:app/machines/:id/cordon", (ask) => {
    machines.cordon(actable(ask));
    return { ok: true };
  });
  route("POST", "/:app/machines/:id/stop", (ask) => {
    const machine = actable(ask);
    life.stop(machine, parse(zStop, ask.body ?? {}));
    return { ok: true };
  });
  route("DELETE", "/:app/machines/:id", ({ app, id, query }) => {
    life.destroy(machines.of(app, id), query.get("force") === "true" || query.get("kill") === "true");
    return { ok: true };
  });

  route("GET", "/:app/volumes", ({ app }) => {
    if (faults.take("emptyList", { of: "volumes" })) return [];
    return [...volumes.volumes.values()].filter((volume) => volume.app === app).map(wireVolume);
  });
  route("POST", "/:app/volumes", ({ app, body }) =>
    wireVolume(volumes.create(app, parse(zVolumeCreate, body))),
  );
  route("GET", "/:app/volumes/:id", ({ app, id }) => wireVolume(volumes.of(app, id)));
  route("DELETE", "/:app/volumes/:id", ({ app, id }) => wireVolume(volumes.delete(app, id)));
  return routes;
}

/** Both forms of Fly's header: `Bearer <token>`, and tokens that begin with `FlyV1 ` as they are. */
function authorize(c: ApiContext, tokens: string[]): void {
  const header = c.req.header("authorization") ?? "";
  const known = tokens.some((token) =>
    token.startsWith("FlyV1 ") ? header === token : header === `Bearer ${token}`,
  );
  if (!known) throw new Refusal(401, "Authenticate: token validation error");
}

async function readJson(c: ApiContext): Promise<unknown> {
  const text = await c.req.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "invalid character in JSON body");
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (Array.isArray(body)) {
    throw new Refusal(400, "json: cannot unmarshal array into Go value of type main.request");
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new Refusal(400, `invalid_argument: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  }
  return parsed.data;
}
