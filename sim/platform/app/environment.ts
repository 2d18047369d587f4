import type { Installation } from "./definition.js";

/**
 * Values each component sees, by its path: the declared ones, resolved through the bindings of its parents. As on Convex a
 * binding is a reference: a variable that is changed in `provided` later is seen changed.
 * @param provided the deployment's environment variables, given to the app.
 * @throws Error naming every required variable of the app that is missing.
 */
export function resolveEnv(
  installations: readonly Installation[],
  provided: Readonly<Record<string, string>>,
  platform: Readonly<Record<string, string>>,
): Map<string, Record<string, string | undefined>> {
  const resolved = new Map<string, Record<string, string | undefined>>();
  for (const installation of installations) {
    if (installation.path === "") {
      const missing = (installation.declaredEnv ?? []).filter(
        (variable) => !variable.optional && provided[variable.name] === undefined,
      );
      if (missing.length > 0)
        throw new Error(`the app requires ${missing.map((variable) => variable.name).join(", ")}`);
      const get = (_target: object, name: string | symbol) =>
        typeof name === "string" ? (platform[name] ?? provided[name]) : undefined;
      resolved.set("", new Proxy<Record<string, string | undefined>>({}, { get }));
      continue;
    }
    const parentPath = installation.path.split("/").slice(0, -1).join("/");
    const parent = resolved.get(parentPath) ?? {};
    const own: Record<string, string | undefined> = {};
    for (const [name, binding] of installation.envBindings)
      Object.defineProperty(own, name, {
        enumerable: true,
        get: () => ("value" in binding ? binding.value : parent[binding.from]),
      });
    resolved.set(installation.path, Object.assign(own, platform));
  }
  return resolved;
}
