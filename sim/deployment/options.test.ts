import { describe, expect, it } from "vitest";
import { readTarget } from "./options.js";

const flags = { deployment: "http://127.0.0.1:3210", site: "http://127.0.0.1:3211/", adminKey: "self|key" };

describe("which deployment is meant", () => {
  it("is the local platform when nothing is said, or only a site URL stands in the environment", () => {
    expect(readTarget({}, {})).toEqual({ target: null, faults: [] });
    expect(readTarget({}, { CONVEX_SITE_URL: "http://127.0.0.1:3211" })).toEqual({
      target: null,
      faults: [],
    });
  });

  it("is what the options say, before the Convex CLI's variables", () => {
    const target = {
      cloudUrl: "http://127.0.0.1:3210",
      siteUrl: "http://127.0.0.1:3211",
      adminKey: "self|key",
    };
    const others = {
      CONVEX_SELF_HOSTED_URL: "http://10.0.0.1:3210",
      CONVEX_SITE_URL: "http://10.0.0.1:3211",
      CONVEX_SELF_HOSTED_ADMIN_KEY: "other|key",
    };
    expect(readTarget(flags, others)).toEqual({ target, faults: [] });
    expect(readTarget({ adminKey: "mine" }, others).target).toEqual({
      cloudUrl: others.CONVEX_SELF_HOSTED_URL,
      siteUrl: others.CONVEX_SITE_URL,
      adminKey: "mine",
    });
  });

  it("knows the site of a hosted deployment", () => {
    const { target } = readTarget(
      { deployment: "https://busy-cat-1.convex.cloud", adminKey: "dev:busy-cat-1|k" },
      {},
    );
    expect(target?.siteUrl).toBe("https://busy-cat-1.convex.site");
  });

  it("tells every fault at once", () => {
    expect(readTarget({ deployment: "localhost:3210", site: "http://127.0.0.1:3211/http" }, {})).toEqual({
      target: null,
      faults: [
        expect.stringMatching(/^--deployment .*localhost:3210$/),
        expect.stringMatching(/^--site must be an origin, without a path/),
        expect.stringMatching(/^--admin-key is missing \(or CONVEX_SELF_HOSTED_ADMIN_KEY\)$/),
      ],
    });
    expect(readTarget({ adminKey: "k" }, {}).faults).toHaveLength(2);
    expect(readTarget({ ...flags, site: flags.deployment }, {}).faults).toEqual([
      expect.stringContaining("are the same"),
    ]);
  });
});
