/** Failures of the cloud itself, as opposed to those of the connection (`../faults`). */
import { z } from "zod";

const turns = {
  /** Matching occasions let through before the rule starts to act. */
  skip: z.number().int().nonnegative().optional(),
  /** How often the rule acts before it is spent; absent means for ever. */
  count: z.number().int().positive().optional(),
};
/** Machine name (for volumes the volume's name), `*` matches anything; absent matches all. */
const name = z.string().optional();

export const cloudFaultSchema = z.discriminatedUnion("kind", [
  /** A list that is wrongly empty. */
  z.strictObject({ kind: z.literal("emptyList"), of: z.enum(["machines", "volumes"]).optional(), ...turns }),
  /** The machine list shows what was true `ms` ago. */
  z.strictObject({ kind: z.literal("staleList"), ms: z.number().int().positive(), ...turns }),
  /** 422 `insufficient_capacity` in `region` (absent: everywhere). */
  z.strictObject({
    kind: z.literal("noCapacity"),
    of: z.enum(["machine", "volume"]).optional(),
    region: z.string().optional(),
    ...turns,
  }),
  /** The machine starts and its main process ends at once. */
  z.strictObject({
    kind: z.literal("dieAtBoot"),
    name,
    exitCode: z.number().int().min(0).max(255).default(1),
    outOfMemory: z.boolean().default(false),
    ...turns,
  }),
  /** The machine stays `created`. */
  z.strictObject({ kind: z.literal("neverBoot"), name, ...turns }),
  /** The image pull fails after the create was accepted: `launch_failed`. */
  z.strictObject({ kind: z.literal("launchFailed"), name, ...turns }),
  /** 412 on the delete of a volume, as if a machine still held it. */
  z.strictObject({ kind: z.literal("keepVolume"), name, ...turns }),
  /** A deleted volume stays listed as `pending_destroy`. */
  z.strictObject({ kind: z.literal("softDelete"), name, ...turns }),
  /** The machine's host does not answer: config null, actions 503, a destroy stays `destroying`. */
  z.strictObject({ kind: z.literal("hostUnreachable"), name }),
]);
export type CloudFault = z.output<typeof cloudFaultSchema>;
export type CloudFaultInput = z.input<typeof cloudFaultSchema>;

interface Occasion {
  name?: string;
  of?: string;
  region?: string;
}

interface Active {
  rule: CloudFault;
  seen: number;
  acted: number;
}

/** Planned failures with their counters. */
export class CloudFaults {
  private active: Active[] = [];

  constructor(rules: CloudFaultInput[]) {
    this.set(rules);
  }

  /**
   * Replaces all rules and their counters.
   * @throws ZodError for a malformed rule; the old rules then stay.
   */
  set(rules: CloudFaultInput[]): void {
    const parsed = z.array(cloudFaultSchema).parse(rules);
    this.active = parsed.map((rule) => ({ rule, seen: 0, acted: 0 }));
  }

  status(): Active[] {
    return this.active.map((entry) => ({ ...entry }));
  }

  /** The first rule of this kind that acts now, spending one turn of it; undefined when none does. */
  take<Kind extends CloudFault["kind"]>(
    kind: Kind,
    occasion: Occasion = {},
  ): Extract<CloudFault, { kind: Kind }> | undefined {
    const isKind = (rule: CloudFault): rule is Extract<CloudFault, { kind: Kind }> => rule.kind === kind;
    for (const entry of this.active) {
      const { rule } = entry;
      if (!isKind(rule) || !matches(rule, occasion)) continue;
      const { skip = 0, count } = turnsOf(rule);
      entry.seen += 1;
      if (entry.seen <= skip || (count !== undefined && entry.acted >= count)) continue;
      entry.acted += 1;
      return rule;
    }
    return undefined;
  }
}

function turnsOf(rule: CloudFault): { skip?: number; count?: number } {
  return rule.kind === "hostUnreachable" ? {} : rule;
}

function matches(rule: CloudFault, occasion: Occasion): boolean {
  if ("of" in rule && rule.of !== undefined && rule.of !== occasion.of) return false;
  if ("region" in rule && rule.region !== undefined && rule.region !== occasion.region) return false;
  if (!("name" in rule) || rule.name === undefined) return true;
  const parts = rule.name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(occasion.name ?? "");
}
