import { internalActionGeneric, type HttpRouter } from "convex/server";
import { v } from "convex/values";
import type { ModuleMap } from "./modules.js";

type HttpHandler = (ctx: unknown, request: Request) => Promise<Response>;
interface Pending {
  handler: HttpHandler;
  request: Request;
  response?: Response;
}

/**
 * Carries requests to `httpAction` handlers of any component. convex-test serves the root router only and invents
 * the request's origin, so each component gets one extra action that looks its request up here by id.
 */
export class HttpBridge {
  private readonly pending = new Map<string, Pending>();

  /**
   * @param run starts the component's bridge action with this id.
   * @returns null without a matching route; a handler that throws answers 500, as Convex does.
   */
  async answer(
    id: string,
    router: unknown,
    pathname: string,
    request: Request,
    run: (id: string) => Promise<unknown>,
  ): Promise<Response | null> {
    const found = (router as HttpRouter).lookup(pathname, request.method as "GET");
    if (!found) return null;
    const pending: Pending = {
      handler: (found[0] as unknown as { _handler: HttpHandler })._handler,
      request,
    };
    this.pending.set(id, pending);
    try {
      await run(id);
      return pending.response ?? new Response("the http action answered nothing", { status: 500 });
    } finally {
      this.pending.delete(id);
    }
  }

  /** Called inside the bridge action. */
  async serve(
    id: string,
    invoke: (handler: HttpHandler, request: Request) => Promise<unknown>,
  ): Promise<void> {
    const pending = this.pending.get(id);
    if (pending) pending.response = (await invoke(pending.handler, pending.request)) as Response;
  }
}

/** The module with the bridge action, to be added to a component's own. */
export function bridgeModule(serve: (id: string, ctx: unknown) => Promise<void>): ModuleMap {
  const handle = internalActionGeneric({
    args: { id: v.string() },
    returns: v.null(),
    handler: async (ctx, { id }) => {
      await serve(id, ctx);
      return null;
    },
  });
  return { "/__http.js": () => Promise.resolve({ handle }) };
}
