/**
 * What can keep a worker from starting or going on, apart from bugs. Each fault has a stable code, which is in the log line and
 * in the troubleshooting page, one message, what to do, and whether a restart may help.
 */
import { exitCodes, type ExitCode } from "./exitCodes.js";

export interface Fault {
  /** The message without its details. */
  readonly message: string;
  readonly fix: string;
  /** null: the worker goes on, and the fault is only told. */
  readonly exitCode: ExitCode | null;
}

export const faults = {
  env_invalid: {
    message: "Invalid agent environment, the worker was not started",
    fix: "Correct every variable that is listed, then start again. Nothing was started.",
    exitCode: exitCodes.fatal,
  },
  package_missing: {
    message: "The settings need a package that is not installed",
    fix: "Run the command of the detail where the worker is installed, or take the variable away.",
    exitCode: exitCodes.fatal,
  },
  url_wrong: {
    message: "BASE_INTERNAL_URL answers, but not as a worker gateway",
    fix: "Set it to the site origin (.convex.site, not .convex.cloud) with the component's path prefix, as printed when the deployment was provisioned.",
    exitCode: exitCodes.fatal,
  },
  url_unreachable: {
    message: "BASE_INTERNAL_URL cannot be reached from here; the worker keeps trying",
    fix: "Check the name, outbound access and, where there is one, HTTPS_PROXY. The error names what failed on this worker's network.",
    exitCode: null,
  },
  tls_failed: {
    message: "The TLS connection to BASE_INTERNAL_URL failed; the worker keeps trying",
    fix: "Check this machine's clock, and NODE_EXTRA_CA_CERTS where a proxy opens TLS or the server's certificate is of an authority of your own.",
    exitCode: null,
  },
  client_certificate_wanted: {
    message: "The server of BASE_INTERNAL_URL wants a client certificate; the worker keeps trying",
    fix: "Set CLIENT_TLS_CERT and CLIENT_TLS_KEY to a pair of the authority that it trusts, and see that it has not expired.",
    exitCode: null,
  },
  proxy_refused: {
    message: "The proxy does not let this worker through to BASE_INTERNAL_URL; the worker keeps trying",
    fix: "HTTP 407: put the user and password that the proxy wants into HTTPS_PROXY (or HTTP_PROXY), percent-encoded. Else allow the host and port at the proxy, or name it in NO_PROXY.",
    exitCode: null,
  },
  token_refused: {
    message: "AGENT_TOKEN was refused",
    fix: "It is mistyped or from another deployment. Provision the worker again and start it with the new values.",
    exitCode: exitCodes.fatal,
  },
  token_revoked: {
    message: "AGENT_TOKEN was revoked",
    fix: "Provision the worker again and start it with the new values.",
    exitCode: exitCodes.fatal,
  },
  token_expired: {
    message: "AGENT_TOKEN has expired",
    fix: "Provision the worker again, or rotate the token before it expires.",
    exitCode: exitCodes.fatal,
  },
  token_scope: {
    message: "AGENT_TOKEN does not allow this worker what it asks for",
    fix: "WORKER_ID and WORKSPACE_ID must be those of the token, or be left out.",
    exitCode: exitCodes.fatal,
  },
  worker_id_taken: {
    message: "WORKER_ID is in use under another token",
    fix: "Choose another WORKER_ID, rotate the token instead of minting one, or mint one for this id (workerId).",
    exitCode: exitCodes.fatal,
  },
  worker_id_in_use: {
    message: "Another process uses this WORKER_ID; this one waits until that is gone",
    fix: "Give every replica a WORKER_ID of its own, or leave it out. After a crash elsewhere it takes lease.staleAfterMs (90 s).",
    exitCode: null,
  },
  clock_skewed: {
    message: "This machine's clock is wrong",
    fix: "Turn on time synchronisation. Certificates, signed storage requests and log times depend on it.",
    exitCode: null,
  },
  open_files_low: {
    message: "This process may open few files and connections at once",
    fix: "Raise it: LimitNOFILE= in systemd, --ulimit nofile= in Docker, ulimit -n in a shell. An engine on this machine has the same limit.",
    exitCode: null,
  },
  authorities_unusable: {
    message:
      "The certificates of NODE_EXTRA_CA_CERTS cannot be used; only the built-in authorities are trusted",
    fix: "It must name a file of PEM certificates that the worker's user can read, when the worker starts.",
    exitCode: null,
  },
  disk_full: {
    message: "There is no room on the disk of the data directory",
    fix: "Free space or enlarge the volume; a stateful engine needs room for its data and one archive of it.",
    exitCode: exitCodes.retryable,
  },
  data_dir_unusable: {
    message: "The data directory cannot be used",
    fix: "DATA_DIR must exist or be creatable, be writable by the worker's user and belong to no other worker.",
    exitCode: exitCodes.retryable,
  },
  port_in_use: {
    message: "HEALTH_PORT is in use",
    fix: "Another process, perhaps another worker, listens there. Choose another HEALTH_PORT, or 0 for any free one.",
    exitCode: exitCodes.retryable,
  },
  port_unavailable: {
    message: "HEALTH_HOST and HEALTH_PORT cannot be listened on",
    fix: "HEALTH_HOST must be an address of this machine; ports below 1024 need a privilege.",
    exitCode: exitCodes.fatal,
  },
  init_script_failed: {
    message: "INIT_SCRIPT failed, the worker was not started",
    fix: "Its output is in the log line. It must end with exit code 0 within INIT_SCRIPT_TIMEOUT_MS.",
    exitCode: exitCodes.retryable,
  },
  engine_missing: {
    message: "The program of ENGINE_COMMAND was not found or is not executable",
    fix: "Install it in the image, or name it by its full path.",
    exitCode: exitCodes.fatal,
  },
  engine_not_ready: {
    message: "The engine could not be started",
    fix: "ENGINE=openclaw: the gateway must run and listen on OPENCLAW_GATEWAY_URL. The error names what failed.",
    exitCode: exitCodes.retryable,
  },
  engine_refused: {
    message: "The engine refuses this worker",
    fix: "Check OPENCLAW_GATEWAY_TOKEN and the gateway's version.",
    exitCode: exitCodes.fatal,
  },
  skills_not_ready: {
    message: "The global skills could not be brought to this worker, and SKILLS_BOOTSTRAP_REQUIRED is set",
    fix: "The error names the file or the call that failed.",
    exitCode: exitCodes.retryable,
  },
  snapshot_store_not_configured: {
    message: "SNAPSHOT_BASE_URI is set, but there are no credentials for its bucket",
    fix: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this host a role (instance, container, web identity).",
    exitCode: exitCodes.fatal,
  },
  snapshot_store_unusable: {
    message: "The bucket of SNAPSHOT_BASE_URI cannot be used",
    fix: "The detail says what to change: bucket, AWS_REGION, key, rights, clock or network. Nothing was started, so nothing is unsaved.",
    exitCode: exitCodes.retryable,
  },
  state_dir_unusable: {
    message: "This worker's own directory cannot be used",
    fix: "STATE_DIR must exist or be creatable, be writable by the worker's user and belong to no other running worker.",
    exitCode: exitCodes.retryable,
  },
  journal_damaged: {
    message: "The journal of answers was damaged; what could be read was used",
    fix: "The damaged file was kept next to it for inspection. Messages whose record was lost are answered by a later attempt. Check the disk.",
    exitCode: null,
  },
  journal_not_written: {
    message: "An answer could not be noted in the journal; the worker goes on without",
    fix: "Free space on the disk of STATE_DIR. Until then a killed worker's answers are worked out again.",
    exitCode: null,
  },
  store_unusable: {
    message: "The store of this worker's own state cannot be used",
    fix: "The detail says what to change. STATE_DATABASE_URL must reach a PostgreSQL 14+ database, whose user may create tables at the first start; without it the file in STATE_DIR must be readable.",
    exitCode: exitCodes.retryable,
  },
  memory_not_saved: {
    message: "The memory could not be saved at the end",
    fix: "What is new stays in the data directory and is saved by the next start there. Keep the volume.",
    exitCode: exitCodes.retryable,
  },
} as const satisfies Record<string, Fault>;

export type FaultCode = keyof typeof faults;

/** Ends a start; `exitCode` is the process's. */
export class WorkerFault extends Error {
  override readonly name = "WorkerFault";

  constructor(
    readonly code: FaultCode,
    /** What is special in this case; without secrets. */
    readonly detail: string,
  ) {
    super(`${faults[code].message}: ${detail}`);
  }

  get fix(): string {
    return faults[this.code].fix;
  }
  get exitCode(): ExitCode {
    return faults[this.code].exitCode ?? exitCodes.retryable;
  }
}
