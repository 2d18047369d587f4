/** The part of the CLI's push request (`StartPushRequest` of the `convex` package) that these tools read. */
import { z } from "zod";

const vModule = z.object({
  path: z.string().min(1),
  source: z.string(),
  environment: z.enum(["isolate", "node"]),
});
export type PushedModule = z.infer<typeof vModule>;

const vPushRequest = z.object({
  appDefinition: z.object({
    definition: vModule.nullable(),
    schema: vModule.nullable(),
    changedModules: z.array(vModule),
  }),
  componentDefinitions: z.array(
    z.object({
      definitionPath: z.string().min(1),
      definition: vModule,
      schema: vModule.nullable(),
      functions: z.array(vModule),
    }),
  ),
});
export type PushRequest = z.infer<typeof vPushRequest>;

/** The app or one component definition, in one shape. */
export type PushedUnit = {
  /** Path of the component relative to the app's functions folder; empty for the app itself. */
  readonly definitionPath: string;
  readonly definition: PushedModule | null;
  readonly schema: PushedModule | null;
  readonly modules: readonly PushedModule[];
};

/** Parses the JSON body of a push. Throws a readable error when the CLI's format has changed. */
export function parsePushRequest(json: string): PushRequest {
  const parsed = vPushRequest.safeParse(JSON.parse(json));
  if (!parsed.success) throw new Error(`unexpected push request:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The app first, then every component, in the order of the request. */
export function unitsOf(request: PushRequest): PushedUnit[] {
  const { definition, schema, changedModules } = request.appDefinition;
  return [
    { definitionPath: "", definition, schema, modules: changedModules },
    ...request.componentDefinitions.map((c) => ({
      definitionPath: c.definitionPath,
      definition: c.definition,
      schema: c.schema,
      modules: c.functions,
    })),
  ];
}
