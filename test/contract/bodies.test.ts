import { describe, expect, it } from "vitest";
import * as lib from "../../src/component/lib.js";
import * as inline from "../../src/core/inline.js";

type Registered = {
  isQuery?: true;
  isMutation?: true;
  isAction?: true;
  exportArgs(): string;
  exportReturns(): string;
};

const modules = import.meta.glob<Record<string, Registered>>(
  [
    "/src/component/*.ts",
    "!/src/component/*.generated.ts",
    "!/src/component/convex.config.ts",
    "!/src/component/{schema,crons}.ts",
  ],
  { eager: true },
);
const functions = Object.entries(lib) as unknown as [string, Registered][];
const signature = ({ isQuery, isMutation, isAction, exportArgs, exportReturns }: Registered) => ({
  kind: { isQuery, isMutation, isAction },
  args: JSON.parse(exportArgs()) as unknown,
  returns: JSON.parse(exportReturns()) as unknown,
});
const internalOf = (name: string): Registered[] =>
  Object.entries(modules).flatMap(([path, module]) => {
    const found = path === "/src/component/lib.ts" ? undefined : module[name];
    return found === undefined ? [] : [found];
  });

describe("a public function", () => {
  it.each(functions.filter(([name]) => name in inline))("%s has its body in lib and nowhere else", (name) => {
    expect(internalOf(name)).toHaveLength(0);
  });

  it.each(functions.filter(([name]) => !(name in inline)))(
    "%s has its body in one internal function of the same kind, arguments and result",
    (name, registered) => {
      const bodies = internalOf(name);
      expect(bodies).toHaveLength(1);
      expect(signature(bodies[0]!)).toEqual(signature(registered));
    },
  );
});
