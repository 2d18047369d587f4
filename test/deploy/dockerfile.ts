/** Reads a Dockerfile as far as ours goes; whatever it does not know is an error and not skipped. */
import { z } from "zod";

interface Instruction {
  keyword: string;
  /** The text after the keyword, lines joined. */
  value: string;
}
export interface Stage {
  /** The image it begins with, build arguments filled in. */
  base: string;
  name: string | undefined;
  instructions: Instruction[];
}

const known = "COPY RUN WORKDIR ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT".split(" ");
const from = /^(\S+)(?: AS (\S+))?$/;

/** The stages in their order. Throws for an instruction that it does not know. */
export function readDockerfile(text: string): Stage[] {
  const joined = text.replace(/^\s*#.*\n/gm, "").replace(/\\\n\s*/g, " ");
  const args = new Map<string, string>();
  const stages: Stage[] = [];
  for (const line of joined.split("\n").filter((each) => each.trim() !== "")) {
    const [, keyword = "", value = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === "ARG") {
      const [name = "", fallback = ""] = value.split("=");
      args.set(name, fallback);
    } else if (keyword === "FROM") {
      const [, image = "", name] = from.exec(value) ?? [];
      stages.push({
        base: image.replace(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? ""),
        name,
        instructions: [],
      });
    } else if (known.includes(keyword)) {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`${keyword} before FROM`);
      stage.instructions.push({ keyword, value });
    } else {
      throw new Error(`not understood: ${line}`);
    }
  }
  return stages;
}

/** The values of one keyword in a stage. */
export const valuesOf = (stage: Stage, keyword: string): string[] =>
  stage.instructions.filter((each) => each.keyword === keyword).map(({ value }) => value);

/** `["a", "b"]`: a program with its arguments, without a shell. */
export const execForm = (value: string): string[] => z.array(z.string()).min(1).parse(JSON.parse(value));

/** The variables of all ENV instructions, `${NAME}` filled in from `outer`. */
export function envOf(stage: Stage, outer: Record<string, string>): Record<string, string> {
  const pairs = valuesOf(stage, "ENV").flatMap((value) => value.split(/\s+/));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const value = pair.slice(at + 1).replace(/\$\{(\w+)\}/g, (_, name: string) => outer[name] ?? "");
      return [pair.slice(0, at), value];
    }),
  );
}

export interface Copy {
  fromStage: string | undefined;
  source: string;
  target: string;
}

/** `COPY [--from=stage] [--chown=…] source target`. */
export function copyOf(value: string): Copy {
  const words = value.split(/\s+/);
  const flags = words.filter((word) => word.startsWith("--"));
  const [source = "", target = "", ...rest] = words.filter((word) => !word.startsWith("--"));
  if (rest.length > 0 || target === "") throw new Error(`COPY with one source and one target only: ${value}`);
  return {
    fromStage: flags.find((flag) => flag.startsWith("--from="))?.slice("--from=".length),
    source,
    target,
  };
}
