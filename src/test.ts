/// <reference types="vite/client" />
/**
 * Entry point `@okrlinkhub/agent-factory/test`: registers the component with `convex-test` in an app's own tests.
 * Published as TypeScript, because `import.meta.glob` only exists under Vite and Vitest.
 *
 *   import agentFactory from "@okrlinkhub/agent-factory/test";
 *   const t = convexTest(schema, import.meta.glob("./**\/*.ts"));
 *   agentFactory.register(t);
 */
import workflow from "@convex-dev/workflow/test";
import type { TestConvex } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import schema from "./component/schema.js";

/** Every module of the component by path, loaded on first use. */
const modules = import.meta.glob(["./component/**/*.ts", "!./component/**/*.test.ts"]);

/**
 * Installs the component, with the components it uses itself, in a `convexTest` instance.
 * @param name the name the app installs it under (`app.use(agentFactory, { name })`).
 */
export function register(
  t: TestConvex<SchemaDefinition<GenericSchema, boolean>>,
  name: string = "agentFactory",
): void {
  t.registerComponent(name, schema, modules);
  workflow.register(t, `${name}/workflow`);
}

export default { register, schema, modules };
