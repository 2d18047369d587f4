/** What a machine waits for, in words, and until when. */

export interface MachineFactsForView {
  step: "launching" | "booting" | "running" | "retiring" | "stopped";
  workerStatus: "active" | "draining" | "stopping" | "stopped";
  createdAt: number;
  launchedAt?: number;
  bootedAt?: number;
  stepDeadlineAt: number;
  drain?: { reason: string; at: number; deadlineAt: number };
  stop?: { reason: string; at: number; askedAt?: number };
  problem?: { message: string };
  busy: boolean;
  conversationId: string | null;
  conversationHasWork: boolean;
}

export interface MachineWait {
  /** When it came into its present state, epoch ms. */
  since: number;
  waitsFor: string;
  deadlineAt: number | null;
}

export function machineWait(machine: MachineFactsForView): MachineWait {
  const { step, stepDeadlineAt, problem, drain, stop } = machine;
  const again = problem ? ` (last try: ${problem.message})` : "";
  switch (step) {
    case "launching":
      return {
        since: machine.createdAt,
        waitsFor: `the provider to make its volume and machine${again}`,
        deadlineAt: stepDeadlineAt,
      };
    case "booting":
      return {
        since: machine.launchedAt ?? machine.createdAt,
        waitsFor: "the first call of its worker",
        deadlineAt: stepDeadlineAt,
      };
    case "running":
      if (machine.workerStatus === "draining" && drain) {
        return {
          since: drain.at,
          waitsFor: `its worker to save and leave (drained because: ${drain.reason})`,
          deadlineAt: drain.deadlineAt,
        };
      }
      return { since: machine.bootedAt ?? machine.createdAt, waitsFor: serving(machine), deadlineAt: null };
    case "retiring":
      return {
        since: stop?.at ?? machine.createdAt,
        waitsFor: `${stop?.askedAt === undefined ? "the order to stop" : "the provider to confirm that it is gone"} (stopped because: ${stop?.reason ?? "unknown"})${again}`,
        deadlineAt: stepDeadlineAt,
      };
    case "stopped":
      return { since: stop?.at ?? machine.createdAt, waitsFor: "nothing, it is gone", deadlineAt: null };
  }
}

function serving({ busy, conversationId, conversationHasWork }: MachineFactsForView): string {
  if (busy) return "the answer to the message it works on";
  if (conversationHasWork) return "its worker to take the next message of its conversation";
  return conversationId === null ? "work" : "further messages of its conversation";
}
