/** A model may think for longer than the 300 s that `fetch` waits for a first byte, and between two. */
import { Dispatcher, getGlobalDispatcher } from "undici";

/** The process's way out without these limits: the run's own time limit is the only one. */
class Patient extends Dispatcher {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): boolean {
    return getGlobalDispatcher().dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  }
}

export const patient: Dispatcher = new Patient();
