import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";

/** A simulator's listening socket. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Who takes over requests to upgrade, such as WebSockets; until then they are not answered. */
  onUpgrade(handler: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  /** Stops listening and cuts open connections; resolves when both are gone. May be called twice. */
  close(): Promise<void>;
}

type Fetch = Parameters<typeof createAdaptorServer>[0]["fetch"];

/**
 * Serves `fetch` on 127.0.0.1 and nowhere else.
 * @param port 0 picks a free one.
 * @throws when the port is taken.
 */
export async function listenLoopback(fetch: Fetch, port = 0): Promise<Listening> {
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = (server.address() as AddressInfo).port;
  let closed: Promise<void> | undefined;
  return {
    port: bound,
    onUpgrade: (handler) => void server.on("upgrade", handler),
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      (closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      })),
  };
}
