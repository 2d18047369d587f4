/** What every engine must do, whatever answers behind it. Files of tests call it with their engine's kind. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { z } from "zod";
import { systemClock } from "../../worker/src/clock.js";
import { readEnv } from "../../worker/src/env.js";
import { EngineError, type Engine, type EngineRequest } from "../../worker/src/engine/engine.js";
import { createEngine } from "../../worker/src/engines/chosen.js";

export interface EngineSubject {
  /** The variables that set it up, without `ENGINE`. */
  variables: Record<string, string>;
  /** A value that no failure may show. */
  secret?: string;
  /** "never": it answers at once and cannot fail. Default: a question with "hang" is not answered, one with "break" fails. */
  fails?: "never";
  close?(): Promise<void>;
}

/** What the suite needs of an engine's kind. */
export interface NamedKind {
  name: string;
  env: Record<string, z.ZodType>;
}

const own = { BASE_INTERNAL_URL: "http://127.0.0.1:1/agent-factory", AGENT_TOKEN: "t" };
/** A lost lease must end a run long before the next heartbeats. */
const promptlyMs = 4_000;

let asked = 0;
/** Each is a message of its own: a repeated one may be answered with what was said before. */
const asking = (text: string, signal = new AbortController().signal): EngineRequest => ({
  ...{ messageId: `m${(asked += 1)}`, attempt: 1, conversationId: "c", agentKey: "a", text },
  ...{ history: [], metadata: {}, signal },
});

export function describeEngine(kind: NamedKind, setUp: () => Promise<EngineSubject>): void {
  describe(`The engine '${kind.name}'`, () => {
    let subject: EngineSubject;
    let engine: Engine;

    beforeEach(async () => {
      subject = await setUp();
      const read = readEnv({ ...own, ENGINE: kind.name, ...subject.variables }, () => "w1");
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      const log = { info: () => undefined, warn: () => undefined };
      engine = createEngine(read.env, { clock: systemClock, log, processEnv: process.env });
      await engine.start();
    });
    afterEach(async () => {
      await engine.stop();
      await subject.close?.();
    });

    const failureOf = async (run: Promise<unknown>): Promise<EngineError> => {
      const failure = await run.then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(EngineError);
      return failure as EngineError;
    };

    it("is ready once it has started, has its kind's name, and answers", async () => {
      expect([engine.name, engine.ready()]).toEqual([kind.name, true]);
      expect((await engine.run(asking("good morning"))).text).toContain("good morning");
      expect((await engine.run(asking("good night"))).text).toContain("good night");
    });

    it("does not begin what was aborted before", async () => {
      const late = engine.run(asking("late", AbortSignal.abort()));
      expect((await failureOf(late)).kind).toBe("aborted");
      expect((await engine.run(asking("the next one"))).text).toContain("the next one");
    });

    it("gives a run up as soon as it is aborted, and takes the next one", async () => {
      if (subject.fails === "never") return;
      const startedAt = Date.now();
      const failure = await failureOf(engine.run(asking("hang", AbortSignal.timeout(300))));
      expect(failure.kind).toBe("aborted");
      expect(Date.now() - startedAt).toBeLessThan(promptlyMs);
      expect((await engine.run(asking("the next one"))).text).toContain("the next one");
    });

    it("fails with a reason that begins with its name, is bounded, and holds no secret", async () => {
      if (subject.fails === "never") return;
      const failure = await failureOf(engine.run(asking("break")));
      expect(["crashed", "refused", "unavailable"]).toContain(failure.kind);
      expect(failure.message).toMatch(new RegExp(`^${kind.name}\\b`));
      expect(failure.message.length).toBeLessThan(2_000);
      if (subject.secret !== undefined) expect(failure.message).not.toContain(subject.secret);
    });

    it("stops twice without complaint", async () => {
      await expect(engine.stop()).resolves.toBeUndefined();
      await expect(engine.stop()).resolves.toBeUndefined();
    });

    it("explains its variables, and names no other engine's in its faults", () => {
      for (const [name, schema] of Object.entries(kind.env))
        expect(schema.meta()?.description, name).toMatch(new RegExp(`^ENGINE=${kind.name}: `));
      const bare = readEnv({ ...own, ENGINE: kind.name }, () => "w1");
      const named = bare.ok ? [] : bare.problems.map(({ name }) => name);
      expect(named.filter((name) => !(name in kind.env))).toEqual([]);
    });
  });
}
