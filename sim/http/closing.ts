import { setMaxListeners } from "node:events";

/** The switch a server aborts when it closes. Any number of waits may listen to it without a leak warning. */
export function createClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
}
