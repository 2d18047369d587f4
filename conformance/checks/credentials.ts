/** What holds for every call: who makes it, in which form, and where the secrets are. */
import { argumentFaults, isRecord } from "../../src/client/http/checkArguments.js";
import { operations } from "../rows.js";
import { operationOf } from "../trace.js";
import type { Exchange } from "../wire.js";
import type { Check } from "./check.js";

const route = /^\/agent-factory\/api\/(?:w\/[^/]+\/)?agent_workers\/([a-z_]+)$/;

export const credentials: Check = (rig) => {
  const { token, apiKey, botToken } = rig.secrets;
  const given = rig.env.AGENT_TOKEN ?? token;
  for (const exchange of rig.wires.gateway.exchanges) {
    const { authorization, ...others } = exchange.headers;
    const operation = operationOf(exchange);
    rig.judge(
      "P-AUTH-1",
      authorization === `Bearer ${given}`,
      `${operation} without the Authorization header`,
    );
    const elsewhere = `${exchange.path}\n${exchange.body}\n${JSON.stringify(others)}`;
    rig.judge(
      "P-AUTH-2",
      !elsewhere.includes(given),
      `${operation} carries the token outside of Authorization`,
    );
  }
  for (const exchange of [...rig.wires.model.exchanges, ...rig.wires.telegram.exchanges])
    rig.judge("P-AUTH-3", !everythingOf(exchange).includes(given), "the token went to somebody else");
  for (const { output } of rig.workers)
    for (const [name, secret] of Object.entries({ token: given, "model key": apiKey, "bot token": botToken }))
      rig.judge("P-AUTH-6", !output.includes(secret), `the ${name} is in the output`);
};

export const form: Check = (rig) => {
  for (const exchange of rig.wires.gateway.exchanges) {
    const { method, path, headers, json } = exchange;
    const isJson = (headers["content-type"] ?? "").startsWith("application/json") && isRecord(json);
    rig.judge("P-FORM-1", method === "POST" && isJson, `${method} ${path} is not a POST of a JSON object`);
    const row = operations.find(({ operation }) => operation === route.exec(path)?.[1]);
    rig.judge("P-FORM-2", row !== undefined, `there is no ${path}`);
    if (!isRecord(json) || row === undefined) continue;
    const { workerToken: _fromHeader, ...args } = row.row.args;
    const faults = argumentFaults(args, json);
    rig.judge(row.id, faults.length === 0, faults.join("; "));
    if ("workerId" in args)
      rig.judge("P-FORM-5", json.workerId === rig.workerId, `${row.operation} names another worker`);
  }
};

const everythingOf = ({ path, headers, body }: Exchange): string =>
  `${path}\n${JSON.stringify(headers)}\n${body}`;
