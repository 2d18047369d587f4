/** What a skill and its versions may be called. */

/** 2 to 128 characters; it is also the name of the skill's directory. */
const SLUG = /^[a-z0-9][a-z0-9_-]{1,127}$/;

export const normalizeSlug = (slug: string): string => slug.trim().toLowerCase();
export const isSkillSlug = (slug: string): boolean => SLUG.test(slug);

const MAX_VERSION_CHARS = 128;
const NUMBER = /^(?:0|[1-9]\d*)$/;
const WORD = /^[0-9A-Za-z-]+$/;

/** Semantic Versioning 2.0.0 (semver.org): three numbers, then optionally a pre-release and build metadata. */
export function isSemanticVersion(version: string): boolean {
  if (version.length > MAX_VERSION_CHARS) return false;
  const [beforeBuild = "", ...build] = version.split("+");
  if (build.length > 1 || !build.every((words) => words.split(".").every((word) => WORD.test(word))))
    return false;
  const dash = beforeBuild.indexOf("-");
  const core = dash < 0 ? beforeBuild : beforeBuild.slice(0, dash);
  const numbers = core.split(".");
  if (numbers.length !== 3 || !numbers.every((part) => NUMBER.test(part))) return false;
  if (dash < 0) return true;
  return beforeBuild
    .slice(dash + 1)
    .split(".")
    .every((word) => WORD.test(word) && (!/^\d+$/.test(word) || NUMBER.test(word)));
}
