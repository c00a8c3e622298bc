/** Checks that Zoom answers, accepts our credentials and has our host user. */

import { operationOf } from '../operations.ts';
import type { ZoomClient } from './client.ts';

/**
 * Returns the health check. It lists one meeting of the host, which needs no scope beyond those in use.
 *
 * @throws {ProviderError}
 */
export const createZoomCheck =
  (client: ZoomClient, hostUser = 'me') =>
  async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    const path = `/users/${encodeURIComponent(hostUser)}/meetings?type=scheduled&page_size=1`;
    const host = { kind: 'service', user: hostUser } as const;
    await client.send(operationOf('zoom', 'health'), host, { method: 'GET', path }, call);
  };
