/** Registered functions: names, validators, and who may be public. */
import type { ValidatorJson } from "../../deployment/validatorJson.js";
import type { DeployedFunction, DeployUnit, Fault, Rule } from "../deployUnit.js";
import { identifierProblem } from "../identifiers.js";

/** The only module of a component that registers public functions, so that each has one address. */
const PUBLIC_MODULE = "lib.js";

export const functions: Rule = (unit) =>
  unit.modules.flatMap(({ path, functions: registered }) =>
    registered.flatMap((fn) => functionFaults(unit, path, fn)),
  );

function functionFaults(unit: DeployUnit, path: string, fn: DeployedFunction): Fault[] {
  const where = `${unit.name} ${path}:${fn.name}`;
  const faults: Fault[] = [];
  const fault = (rule: string, message: string) => faults.push({ rule, where, message });
  // A package's component has its own style; what a deployment refuses is asked of it all the same.
  const ownComponent = unit.isComponent && !unit.name.includes("node_modules/");
  const nameProblem = identifierProblem(fn.name);
  if (nameProblem !== null) fault("functionName", `the export name ${nameProblem}`);
  if (fn.visibility === null) fault("functionName", "is neither public nor internal");
  if (ownComponent && fn.visibility === "public" && path !== PUBLIC_MODULE) {
    fault("publicModule", `public functions of a component are registered in ${PUBLIC_MODULE} only`);
  }
  for (const part of ["args", "returns"] as const) {
    const validator = fn[part];
    if (validator === null || ("type" in validator && part === "args" && validator.type === "any")) {
      // Return validators of a component become its typed interface; an app's wrappers may leave them to it.
      const required = part === "args" || ownComponent;
      if (fn.visibility === "public" && required) fault("validators", `has no ${part} validator`);
    } else if ("error" in validator) fault("validators", `${part}: ${validator.error}`);
    else {
      if (part === "args" && validator.type !== "object") {
        fault("validators", `args must be an object validator, not ${validator.type}`);
      }
      for (const problem of validatorProblems(validator)) fault("validators", `${part}: ${problem}`);
    }
  }
  return faults;
}

/** What a deployment refuses inside a validator: illegal field and table names, literal or optional record parts. */
export function validatorProblems(validator: ValidatorJson): string[] {
  switch (validator.type) {
    case "object":
      return Object.entries(validator.value).flatMap(([name, field]) => {
        const problem = identifierProblem(name);
        return [
          ...(problem === null ? [] : [`field "${name}" ${problem}`]),
          ...validatorProblems(field.fieldType),
        ];
      });
    case "array":
      return validatorProblems(validator.value);
    case "union":
      return validator.value.flatMap(validatorProblems);
    case "record":
      return [
        ...(isRecordKey(validator.keys) ? [] : ["record keys must be strings or ids, not literals"]),
        ...(validator.values.optional ? ["record values may not be optional"] : []),
        ...validatorProblems(validator.values.fieldType),
      ];
    case "id": {
      const problem = identifierProblem(validator.tableName);
      return problem === null ? [] : [`table "${validator.tableName}" ${problem}`];
    }
    case "null":
    case "number":
    case "bigint":
    case "commitTs":
    case "boolean":
    case "string":
    case "bytes":
    case "any":
    case "literal":
      return [];
  }
}

function isRecordKey(validator: ValidatorJson): boolean {
  if (validator.type === "union") return validator.value.every(isRecordKey);
  return validator.type === "string" || validator.type === "id";
}
