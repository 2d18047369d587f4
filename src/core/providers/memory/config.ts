/** The provider without a cloud takes Fly's configuration, so that a host's tests configure it as they would the real one. */
import { fly } from "../fly/config.js";

export const memory = { kind: "memory" as const, fields: fly.fields, token: null };
