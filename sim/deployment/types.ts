import type { Value } from "convex/values";
import type { PolicyOverrides } from "../../src/contract/policies.js";

/** Where a deployment is, and what opens it. */
export interface Target {
  /** Origin of functions and storage: `.convex.cloud`, or port 3210 of a self-hosted backend. */
  cloudUrl: string;
  /** Origin of HTTP actions: `.convex.site`, or port 3211 of a self-hosted backend. */
  siteUrl: string;
  adminKey: string;
}

export type Args = Record<string, Value>;

/** A Convex deployment that runs the example app, reached by HTTP alone: this process's own, or one that was given. */
export interface Deployment extends Target {
  /** Started by this process and gone with it. A given one was there before and stays. */
  readonly own: boolean;
  /**
   * Runs any function, public or internal, as `npx convex run` would. A write that Convex refused for a conflict or for too
   * many writes in a second, and so did not do, is repeated up to five times.
   * @param path `module:function`.
   * @param componentPath component to run in, by instance path. Default: the app.
   * @throws what the function throws, or DeploymentError.
   */
  run(path: string, args?: Args, options?: { componentPath?: string }): Promise<Value>;
  /** A function of the component itself: `lib:<name>`. */
  lib(name: string, args?: Args): Promise<Value>;
  /** The same, once: for whoever counts what fails. */
  libOnce(name: string, args?: Args): Promise<Value>;
  /** The deployment's environment variables. */
  variables(): Promise<Record<string, string>>;
  /** Sets environment variables; null removes one. */
  setVariables(changes: Readonly<Record<string, string | null>>): Promise<void>;
  /** Sets policies for as long as the deployment is open: `close` puts back what a given one had. */
  setPolicies(overrides: PolicyOverrides): Promise<void>;
  /** What functions printed lately. Of a given deployment nothing: its log is read where it runs. */
  log(): readonly string[];
  /** Ends an own deployment; leaves a given one with the policies it had. May be called twice. */
  close(): Promise<void>;
}
