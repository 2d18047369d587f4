/**
 * A strict reader of the OpenMetrics text format 1.0 (the parts that a worker uses: counter, gauge, histogram), so that a test
 * refuses what a scraper would.
 */
export interface Family {
  type: "counter" | "gauge" | "histogram";
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const sampleShape = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelShape = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** The families by name. Throws at the first line that is not allowed where it stands. */
export function readOpenMetrics(text: string): Map<string, Family> {
  if (!text.endsWith("# EOF\n")) throw new Error("it must end with # EOF and a line feed");
  const families = new Map<string, Family>();
  type Open = { name: string; family: Partial<Family> & Pick<Family, "samples"> };
  let current = null as Open | null;
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? [];
    if (keyword !== undefined) {
      if (current?.name !== name) {
        if (families.has(name)) throw new Error(`the family ${name} is not in one piece`);
        current = { name, family: { samples: [] } };
        families.set(name, current.family as Family);
      }
      if (current.family.samples.length > 0) throw new Error(`metadata after samples: ${line}`);
      if (keyword === "HELP") current.family.help = rest;
      if (keyword === "TYPE") current.family.type = rest as Family["type"];
      continue;
    }
    const [, sample = "", labels = "", value = ""] = sampleShape.exec(line) ?? [];
    if (sample === "" || current === null) throw new Error(`not a sample: ${JSON.stringify(line)}`);
    if (!mayHave(current.name, current.family.type).includes(sample))
      throw new Error(`${sample} does not belong to ${current.name} (${current.family.type ?? "no type"})`);
    current.family.samples.push({ name: sample, labels: readLabels(labels), value: readNumber(value) });
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function mayHave(name: string, type: string | undefined): string[] {
  switch (type) {
    case "counter":
      return [`${name}_total`, `${name}_created`];
    case "gauge":
      return [name];
    case "histogram":
      return [`${name}_bucket`, `${name}_count`, `${name}_sum`, `${name}_created`];
    default:
      return [];
  }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelShape.lastIndex = 0;
  for (let at = 0; at < text.length; at = labelShape.lastIndex) {
    const found = labelShape.exec(text);
    if (found?.[1] === undefined || found[1] in labels) throw new Error(`bad labels: ${text}`);
    labels[found[1]] = found[2] ?? "";
  }
  return labels;
}

function readNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

function checkFamily(name: string, family: Family): void {
  if (family.help === undefined || family.type === undefined) throw new Error(`${name} lacks HELP or TYPE`);
  const seen = new Set<string>();
  for (const { name: sample, labels, value } of family.samples) {
    const key = `${sample} ${JSON.stringify(labels)}`;
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
    if (family.type !== "gauge" && value < 0) throw new Error(`negative: ${key}`);
  }
  if (family.type === "histogram") checkBuckets(name, family);
}

/** Buckets rise, end with +Inf, and agree with the count. */
function checkBuckets(name: string, { samples }: Family): void {
  const rows = new Map<string, { le: number; value: number }[]>();
  for (const { name: sample, labels, value } of samples) {
    if (sample !== `${name}_bucket`) continue;
    const { le = "", ...others } = labels;
    const key = JSON.stringify(others);
    rows.set(key, [...(rows.get(key) ?? []), { le: readNumber(le), value }]);
  }
  for (const [key, buckets] of rows) {
    const rising = buckets.every(
      ({ le, value }, i) =>
        i === 0 || (le > (buckets[i - 1]?.le ?? 0) && value >= (buckets[i - 1]?.value ?? 0)),
    );
    const count = samples.find((s) => s.name === `${name}_count` && JSON.stringify(s.labels) === key)?.value;
    if (!rising || buckets.at(-1)?.le !== Infinity || buckets.at(-1)?.value !== count)
      throw new Error(`the buckets of ${name} ${key} are not a histogram`);
  }
}
