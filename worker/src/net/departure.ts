/**
 * Whether a request has left this machine. Name resolution, connecting, TLS and a proxy's tunnel come before its first byte, and
 * each of them fails in many ways; so the moment itself is watched: undici announces a request to its handler when the
 * connection stands, just before it writes, and takes a refusal there as an abort.
 */
import { Dispatcher, getGlobalDispatcher } from "undici";

/** undici 6 and the `fetch` of Node 20 to 22 say `onConnect(abort)`, later ones `onRequestStart(controller)`. */
interface Announced {
  onConnect?: (abort: (reason?: Error) => void, ...rest: unknown[]) => void;
  onRequestStart?: (controller: { abort(reason: Error): void }, ...rest: unknown[]) => void;
}

/** One request; spread `watching` into the options of its `fetch`. */
export class Departure {
  /** Bytes of the request may have left. */
  began = false;
  /** `maySend` said no when the connection stood: nothing was written. */
  refused = false;

  /** `maySend` is asked at the last moment before the first byte. */
  constructor(private readonly maySend: () => boolean) {}

  get watching(): RequestInit {
    const watcher = new Watcher(() => this.leave());
    // The types of Node's `fetch` come from another copy of undici than the package's.
    return { dispatcher: watcher } as unknown as RequestInit;
  }

  private leave(): boolean {
    this.refused = !this.maySend();
    this.began ||= !this.refused;
    return !this.refused;
  }
}

/** Passes every request on to the process's way out, and asks before each is written. */
class Watcher extends Dispatcher {
  constructor(private readonly mayLeave: () => boolean) {
    super();
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): boolean {
    const { mayLeave } = this;
    const inner = handler as Announced;
    const held = new Error("held back");
    const watched: Announced = Object.create(handler) as Announced;
    if (inner.onConnect !== undefined)
      watched.onConnect = (abort, ...rest) => {
        inner.onConnect?.(abort, ...rest);
        if (!mayLeave()) abort(held);
      };
    if (inner.onRequestStart !== undefined)
      watched.onRequestStart = (controller, ...rest) => {
        inner.onRequestStart?.(controller, ...rest);
        if (!mayLeave()) controller.abort(held);
      };
    return getGlobalDispatcher().dispatch(options, watched);
  }
}
