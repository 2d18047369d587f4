/** What must be, and must not be, inside a packed package. */
import { z } from "zod";

const vTarget: z.ZodType<string | Record<string, string>> = z.union([
  z.string(),
  z.record(z.string(), z.string()),
]);
export const vPackageJson = z.object({
  name: z.string(),
  version: z.string(),
  files: z.array(z.string()),
  bin: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), vTarget),
});
type PackageJson = z.infer<typeof vPackageJson>;

const ALWAYS = ["package.json", "README.md", "LICENSE"];

/**
 * Problems of the file list: an entry point or a document that is missing, a test or a build leftover that is not.
 * @param files paths relative to the package root.
 */
export function packedFileProblems(packageJson: PackageJson, files: readonly string[]): string[] {
  const packed = new Set(files);
  const documents = [...ALWAYS, ...packageJson.files.filter((file) => file.endsWith(".md"))];
  const wanted = new Map<string, string>(documents.map((file) => [file, "document"]));
  for (const [name, file] of Object.entries(packageJson.bin)) wanted.set(normal(file), `bin ${name}`);
  for (const [specifier, target] of Object.entries(packageJson.exports)) {
    const targets = typeof target === "string" ? [target] : Object.values(target);
    for (const file of targets) wanted.set(normal(file), `export ${specifier}`);
  }
  const missing = [...wanted]
    .filter(([file]) => !packed.has(file))
    .map(([file, why]) => `${why}: ${file} is missing`);
  const unwanted = files
    .filter((file) => /\.test\.|\.testing\.|\.env|^node_modules\//.test(file))
    .map((file) => `${file} must not be packed`);
  return [...missing, ...unwanted];
}

const normal = (file: string) => file.replace(/^\.\//, "");
