/** Loading: every module must import in a bare runtime, and nothing may run in Node. */
import type { TrappedUse } from "../../deployment/evaluation.js";
import type { Fault, Rule } from "../deployUnit.js";

export const loading: Rule = (unit) => [
  ...unit.errors.map(({ part, error }) => ({ rule: "load", where: `${unit.name} ${part}`, message: error })),
  ...unit.modules.flatMap(({ path, error, environment, isRouter }) => {
    const where = `${unit.name} ${path}`;
    const faults: Fault[] = [];
    if (environment === "node")
      faults.push({ rule: "useNode", where, message: 'must not be marked "use node"' });
    if (error !== null) faults.push({ rule: "load", where, message: `does not import: ${error}` });
    else if (path === "http.js" && !isRouter) {
      faults.push({ rule: "load", where, message: "must default-export an HTTP router" });
    }
    return faults;
  }),
];

/**
 * A deployment freezes or forbids these while it analyses a module, so their value there is never the one meant.
 * @param unitName turns the evaluator's folder (`unit0`) into the unit's name.
 */
export function moduleScopeEffects(
  trapped: readonly TrappedUse[],
  unitName: (folder: string) => string,
): Fault[] {
  return trapped.map(({ what, at }) => {
    // Line and column are those of the bundle, which nobody can look up.
    const [folder = "", part = "", ...rest] = at.replace(/(:\d+){1,2}$/, "").split("/");
    const file = part === "functions" ? rest.join("/") : `${part} ${rest.join("/")}`;
    return {
      rule: "moduleScope",
      where: `${unitName(folder)} ${file}`,
      message: `${what} is used while the module loads; move it into a handler`,
    };
  });
}
