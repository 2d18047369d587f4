/** A component that is older than its worker says no channel: it knew one that is sent to, and named its token. */
import { NAMED_CHANNEL } from "./names.js";

interface Bundle {
  channel?: { kind: string; credential: string | null } | undefined;
  payload: { provider: string };
  telegramBotToken: string | null;
}

/** How the answer is delivered, and with what. */
export const channelOfBundle = (bundle: Bundle): NonNullable<Bundle["channel"]> =>
  bundle.channel ??
  (bundle.payload.provider === NAMED_CHANNEL
    ? { kind: NAMED_CHANNEL, credential: bundle.telegramBotToken }
    : { kind: "app", credential: null });
