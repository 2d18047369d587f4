/** The files of an empty Convex app that installs the package, as its README tells a newcomer to write them. */

interface Versions {
  convex: string;
  typescript: string;
}

/** The same app before it installs the package. */
export const emptyApp = ({ convex, typescript }: Versions): Record<string, string> => ({
  "package.json": JSON.stringify({
    name: "consumer",
    private: true,
    type: "module",
    dependencies: { convex },
    devDependencies: { typescript },
  }),
});

/** @param tarball absolute path of the packed package. */
export function consumerApp(tarball: string, { convex, typescript }: Versions): Record<string, string> {
  return {
    "package.json": JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: { "@okrlinkhub/agent-factory": `file:${tarball}`, convex },
      devDependencies: { typescript },
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        lib: ["ES2023", "DOM"],
        module: "ESNext",
        moduleResolution: "Bundler",
        strict: true,
        skipLibCheck: true,
        isolatedModules: true,
        allowJs: true,
        noEmit: true,
        types: [],
      },
      include: ["convex", "*.ts"],
    }),
    "convex/convex.config.ts": `import { defineApp } from "convex/server";
import agentFactory from "@okrlinkhub/agent-factory/convex.config";

const app = defineApp();
app.use(agentFactory);
export default app;
`,
    "convex/agentFactory.ts": `import { exposeApi } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";

export const { configureAgent, enqueue, queueStats } = exposeApi(components.agentFactory, {
  auth: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) throw new Error("not signed in");
    return identity.subject;
  },
});
`,
    "convex/http.ts": `import { registerRoutes } from "@okrlinkhub/agent-factory/http";
import { httpRouter } from "convex/server";
import { components } from "./_generated/api";

const http = httpRouter();
registerRoutes(http, components.agentFactory);
export default http;
`,
    // Fails to compile if the generated types have decayed to `any`.
    "typeProbe.ts": `import { api, components } from "./convex/_generated/api";

export const known = [api.agentFactory.enqueue, components.agentFactory.lib.enqueue];
// @ts-expect-error there is no such function
export const unknownInApp = api.agentFactory.noSuchFunction;
// @ts-expect-error there is no such function
export const unknownInComponent = components.agentFactory.lib.noSuchFunction;
`,
    "react.ts": `import { useMyComponent } from "@okrlinkhub/agent-factory/react";
import type { ComponentApi } from "@okrlinkhub/agent-factory/_generated/component";

export const nothing: Record<never, never> = useMyComponent();
export type Enqueue = ComponentApi["lib"]["enqueue"];
`,
  };
}
