/** Whether Zoom answers, knows us, and our host is there. */

import { operationOf } from '../operations.ts';
import type { ZoomClient } from './client.ts';

/** The shortest list of the host's meetings: it needs no scope beyond those in use. Throws `ProviderError`. */
export const createZoomCheck =
  (client: ZoomClient, hostUser = 'me') =>
  async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    const path = `/users/${encodeURIComponent(hostUser)}/meetings?type=scheduled&page_size=1`;
    await client.send(operationOf('zoom', 'health'), { method: 'GET', path }, call);
  };
