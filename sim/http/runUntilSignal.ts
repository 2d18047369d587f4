/**
 * Keeps a command line simulator up until SIGINT or SIGTERM, then closes it. A second signal while it closes
 * ends the process at once.
 */
export async function runUntilSignal(server: { close(): Promise<void> }): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
  await server.close();
}
