import type { EngineKind } from "../kind.js";
import { createEchoEngine } from "./engine.js";

export const echoKind = { name: "echo", env: {}, create: createEchoEngine } as const satisfies EngineKind;
