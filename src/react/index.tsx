/**
 * Entry point `@okrlinkhub/agent-factory/react`.
 *
 * It exists so that imports of the 1.x package keep resolving. It has no dependency on React: the functions an app
 * exposes with `exposeApi` are ordinary Convex functions, used with `useQuery` and `useMutation` of `convex/react`.
 */

/** The placeholder hook of the 1.x package. Returns an empty object. */
export function useMyComponent(): Record<never, never> {
  return {};
}
