import type { AnsweredRequest, ModelRule } from "./types.js";

/** The rule list with its counters. */
export class Script {
  private entries: { rule: ModelRule; used: number }[] = [];

  constructor(rules: ModelRule[]) {
    this.set(rules);
  }

  /** Replaces the rules; counters start again. */
  set(rules: ModelRule[]): void {
    this.entries = rules.map((rule) => ({ rule, used: 0 }));
  }

  /** First matching rule that is not spent, counted as used; undefined means the default answer. */
  take(request: AnsweredRequest): ModelRule | undefined {
    const entry = this.entries.find(
      ({ rule, used }) => used < (rule.times ?? Infinity) && matches(rule, request),
    );
    if (entry) entry.used += 1;
    return entry?.rule;
  }
}

function matches(rule: ModelRule, request: AnsweredRequest): boolean {
  if (rule.model !== undefined && rule.model !== request.model) return false;
  if (rule.afterTool !== undefined && rule.afterTool !== request.endsWithToolResult) return false;
  if (rule.lastUser === undefined) return true;
  return typeof rule.lastUser === "string"
    ? request.lastUserText.includes(rule.lastUser)
    : // A fresh object, so that a global or sticky expression keeps no position between requests.
      new RegExp(rule.lastUser).test(request.lastUserText);
}

/** Text answer of a rule, or the default `answer to: <last user text>`. */
export function answerText(rule: ModelRule | undefined, request: AnsweredRequest): string {
  if (typeof rule?.answer === "function") return rule.answer(request);
  const template = rule?.answer ?? "answer to: {{text}}";
  return template.replace(/\{\{(text|tool)\}\}/g, (_, name) =>
    name === "text" ? request.lastUserText : request.lastToolText,
  );
}

/** Cuts a text into words with their trailing white space: the tokens of this model. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S+\s*/g) ?? (text === "" ? [] : [text]);
}
