import { ConvexError } from "convex/values";
import { expect, it } from "vitest";
import { DeploymentError } from "../deployment/index.js";
import { CallErrors, codeOf, persistently } from "./calls.js";

const { signal } = new AbortController();
const conflict = () =>
  new Error(JSON.stringify({ code: "OptimisticConcurrencyControlFailure", message: "Documents changed" }));

it("names an error by Convex's code, the function's, the network's, or as the server's", () => {
  expect(codeOf(conflict())).toBe("OptimisticConcurrencyControlFailure");
  expect(codeOf(new ConvexError({ code: "lease_lost" }))).toBe("lease_lost");
  expect(codeOf(new DeploymentError("x", "TooManyWrites"))).toBe("TooManyWrites");
  expect(codeOf(new TypeError("fetch failed", { cause: { code: "ECONNRESET" } }))).toBe("ECONNRESET");
  expect(codeOf(new Error("Server Error\nUncaught"))).toBe("server_error");
});

it("repeats what failed for a conflict and counts each failure", async () => {
  const errors = new CallErrors();
  let left = 2;
  const call = () => (left-- > 0 ? Promise.reject(conflict()) : Promise.resolve("done"));
  expect(await persistently("claim", errors, signal, call)).toBe("done");
  expect(errors.byCode()).toEqual([["OptimisticConcurrencyControlFailure", 2]]);
  expect(errors.total).toBe(2);
});

it("repeats nothing that the function refused on purpose", async () => {
  const errors = new CallErrors();
  const call = () => Promise.reject(new ConvexError({ code: "worker_token_revoked" }));
  await expect(persistently("claim", errors, signal, call)).rejects.toThrow("claim failed 1 times");
  expect(errors.byCode()).toEqual([["worker_token_revoked", 1]]);
});
