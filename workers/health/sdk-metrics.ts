/** Reads the metrics of the SDK's native part, which the SDK serves on a separate port. */
import { createServer } from 'node:net';
import { z } from 'zod';

const scrapeTimeoutMs = 2_000;

/** Returns a free address for the SDK's exporter, which cannot select a free port and report it. */
export const freeLoopbackAddress = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
};

/**
 * Returns the SDK's metrics in Prometheus' text format. Returns a comment when the exporter does not answer, so that
 * the service's own metrics are still served.
 */
export const readSdkMetrics = async (address: string): Promise<string> => {
  try {
    const response = await fetch(`http://${address}/metrics`, {
      signal: AbortSignal.timeout(scrapeTimeoutMs),
    });
    if (response.ok) return await response.text();
    return `# the SDK's metrics answered ${response.status}\n`;
  } catch (error) {
    return `# the SDK's metrics did not answer: ${error instanceof Error ? error.name : 'unknown'}\n`;
  }
};
