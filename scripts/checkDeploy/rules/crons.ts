/** Cron jobs run functions of their own app or component, which must exist; queries cannot be scheduled. */
import type { Fault, Rule } from "../deployUnit.js";

export const crons: Rule = (unit) => {
  const kinds = new Map<string, string>();
  for (const module of unit.modules) {
    for (const fn of module.functions) kinds.set(`${module.path.replace(/\.js$/, "")}:${fn.name}`, fn.kind);
  }
  return unit.modules.flatMap((module): Fault[] => {
    const where = `${unit.name} ${module.path}`;
    if (module.crons === null) {
      if (module.path !== "crons.js" || module.error !== null) return [];
      return [{ rule: "cron", where, message: "must default-export cronJobs()" }];
    }
    return Object.entries(module.crons).flatMap(([name, target]) => {
      const faults: Fault[] = [];
      if (!/^[\x20-\x7e]+$/.test(name)) {
        faults.push({ rule: "cron", where, message: `the name "${name}" is not printable ASCII` });
      }
      // `module` alone addresses a default export.
      const kind = kinds.get(target.includes(":") ? target : `${target}:default`);
      if (kind === undefined)
        faults.push({ rule: "cron", where, message: `"${name}" runs ${target}, which does not exist` });
      else if (kind === "Query")
        faults.push({ rule: "cron", where, message: `"${name}" runs the query ${target}` });
      return faults;
    });
  });
};
