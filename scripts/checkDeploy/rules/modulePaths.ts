/** Module paths: the CLI bundles any file name, the deployment does not take every one. */
import type { Fault, Rule } from "../deployUnit.js";
import { MAX_NAME_LENGTH } from "../identifiers.js";

export const modulePaths: Rule = (unit) =>
  unit.modules.flatMap(({ path }) => {
    const faults: Fault[] = [];
    const fault = (message: string) =>
      faults.push({ rule: "modulePath", where: `${unit.name} ${path}`, message });
    for (const segment of path.split("/")) {
      if (segment.length > MAX_NAME_LENGTH)
        fault(`"${segment}" is longer than ${MAX_NAME_LENGTH} characters`);
      if (!/^[A-Za-z0-9_.]+$/.test(segment)) {
        fault(`"${segment}" may hold only letters, digits, "_" and "." (no hyphen)`);
      } else if (!/[A-Za-z0-9]/.test(segment)) fault(`"${segment}" needs a letter or a digit`);
    }
    if (path.startsWith("_system/")) fault("_system/ is reserved");
    return faults;
  });
