import { register } from "node:module";

/** Runs in Node's loader: adds the ending that a relative import of a package lacks. */
const HOOK = `
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    const isLacking = error?.code === "ERR_MODULE_NOT_FOUND" && /^[.][.]?[/]/.test(specifier);
    if (!isLacking || !context.parentURL?.includes("/node_modules/")) throw error;
    return next(specifier + ".js", context);
  }
}`;

let installed = false;

/**
 * Components are published for a bundler, and one (batch-worker 0.2.2, inside the workflow engine) imports a file without
 * its ending, which Node alone refuses. Applies to this process from then on, to files in `node_modules` only.
 */
export function allowMissingEndings(): void {
  if (installed) return;
  installed = true;
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`);
}
