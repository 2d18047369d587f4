/** What a provider takes from its surroundings. Every field has a default; tests pass their own. */
export interface ProviderOptions {
  /** Base URL of the cloud's API without a trailing slash; default the cloud's own. */
  baseUrl?: string;
  /** Default the global `fetch` at the time of the call. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits between attempts and for pacing; default `setTimeout`. */
  sleep?: (ms: number) => Promise<void>;
  /** Epoch ms; default `Date.now`. */
  now?: () => number;
  /** In [0, 1), spreads retries; default `Math.random`. */
  random?: () => number;
  /** How long one request may take. Default 15 000. */
  requestTimeoutMs?: number;
  /** Sends nothing from this time on, epoch ms: somebody else may be at it by then. Default never. */
  until?: number;
}
