/** The figures the SDK keeps in its native part, which it serves on a port of its own. */
import { createServer } from 'node:net';
import { z } from 'zod';

const scrapeTimeoutMs = 2_000;

/** An address for the SDK's exporter, which cannot be told to take a free port and say which. */
export const freeLoopbackAddress = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
};

/** In Prometheus' text format; a comment instead when the exporter does not answer, so that ours are still served. */
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
