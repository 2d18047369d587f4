import { expect, it } from "vitest";
import { exitCodes } from "./exitCodes.js";
import { optionalPackage } from "./optionalPackage.js";

/** As Node words it. */
const notFound = (name: string): Error =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /opt/worker/dist/x.js`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
const load = (found: () => Promise<unknown>) => optionalPackage("pg", "STATE_DATABASE_URL", found);

it("gives what is installed", async () => {
  expect(await load(async () => "driver")).toBe("driver");
});

it("says what to install, for which variable, and that a restart alone will not help", async () => {
  await expect(load(() => Promise.reject(notFound("pg")))).rejects.toMatchObject({
    code: "package_missing",
    detail: "STATE_DATABASE_URL needs pg: npm install pg",
    exitCode: exitCodes.fatal,
  });
});

it("does not blame the package for another one that is missing, or for its own failure", async () => {
  for (const error of [notFound("pg-types"), new Error("pg is broken")])
    await expect(load(() => Promise.reject(error))).rejects.toBe(error);
});
