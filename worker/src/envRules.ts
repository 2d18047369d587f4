/** What the schema of single variables cannot say: which of them go together. */
import type { EnvProblem } from "./env.js";
import { engineFaults } from "./engines/chosen.js";
import type { Given } from "./engines/kind.js";
import { hintOf } from "./envHelp.js";
import { isPair } from "./envShapes.js";
import { ownEnvProblems } from "./store/ownEnv.js";

/** Problems of variables together. `bad`: those that are wrong by themselves, of which nothing more is said. */
export function ruleProblems(given: Given, bad: ReadonlySet<string>): EnvProblem[] {
  return [
    ...modeProblems(given),
    ...certificateProblems(given, bad),
    ...[...engineFaults(given), ...ownEnvProblems(given)].map((fault) => problem(fault.name, fault.problem)),
  ];
}

const problem = (name: string, text: string): EnvProblem => ({ name, problem: text, hint: hintOf(name) });

function modeProblems(given: Given): EnvProblem[] {
  if (given["MODE"] !== "worker") return [];
  const problems: EnvProblem[] = [];
  if (given["WORKER_ID"] === undefined)
    problems.push(problem("WORKER_ID", "is missing (needed by MODE=worker)"));
  // A launched machine runs what its image holds; nothing that reaches it by its environment is run as code.
  if (given["INIT_SCRIPT"] !== undefined)
    problems.push(problem("INIT_SCRIPT", "must not be set with MODE=worker"));
  return problems;
}

function certificateProblems(given: Given, bad: ReadonlySet<string>): EnvProblem[] {
  const { CLIENT_TLS_CERT: certificate, CLIENT_TLS_KEY: key } = given;
  if ((certificate === undefined) !== (key === undefined)) {
    const absent = certificate === undefined ? "CLIENT_TLS_CERT" : "CLIENT_TLS_KEY";
    return [
      {
        name: absent,
        problem: "is missing: CLIENT_TLS_CERT and CLIENT_TLS_KEY must be set together.",
        hint: hintOf(absent),
      },
    ];
  }
  if (certificate === undefined || key === undefined) return [];
  if (bad.has("CLIENT_TLS_CERT") || bad.has("CLIENT_TLS_KEY") || isPair(certificate, key)) return [];
  return [problem("CLIENT_TLS_KEY", "is not the private key of CLIENT_TLS_CERT")];
}
