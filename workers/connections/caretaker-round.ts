/** One round of looking after connected accounts: owners are told, and what nobody can use any more is cleared away. */
import { randomUUID } from 'node:crypto';
import type { ReconnectNoticeOutcome } from '../../activities/connections/reconnect-notice.ts';
import type { Attempting } from '../../activities/effects/call.ts';
import { patientCalls } from '../../activities/effects/call.ts';
import type { AuthorizationRequests } from '../../db/authorization-requests.ts';
import type { FallenConnection, FallenConnections } from '../../db/fallen-connections.ts';
import type { Logger } from '../../infra/observability/logger.ts';

export interface CaretakerOptions {
  readonly fallen: FallenConnections;
  readonly requests: Pick<AuthorizationRequests, 'clearExpired'>;
  readonly tellOwner: (fallen: FallenConnection, attempting: Attempting) => Promise<ReconnectNoticeOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

const noticesAtOnce = 20;

/**
 * The same in every round: whether a letter was sent of which nobody knows is a person's to say, and none has said it
 * only because a round later it is looked at again.
 */
const execution = 'connections/reconnect-notice';

const attempting = (correlationId: string): Attempting => {
  const startCall = () => ({ correlationId, signal: AbortSignal.timeout(patientCalls.deadlineMs) });
  return { leaseMs: patientCalls.leaseMs, execution, startCall, startCleanUp: startCall };
};

/** Answers whether there may be more. Throws when none of the letters could be sent: then the relay pauses. */
export const createCaretakerRound = ({ fallen, requests, tellOwner, logger }: CaretakerOptions) => {
  const tell = async (one: FallenConnection): Promise<boolean> => {
    const correlationId = randomUUID();
    const of = { connection: one.id, organization: one.organization, correlationId };
    try {
      const { outcome } = await tellOwner(one, attempting(correlationId));
      logger.info({ ...of, outcome }, 'the owner of an account was told to connect it again');
      return true;
    } catch (err) {
      logger.warn({ ...of, err }, 'the owner of an account could not be told to connect it again');
      return false;
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    await requests.clearExpired();
    const untold = await fallen.untold(noticesAtOnce);
    let told = 0;
    for (const one of untold) {
      if (stopping.aborted) return false;
      if (await tell(one)) told += 1;
    }
    if (untold.length > 0 && told === 0) throw new Error(`none of ${untold.length} owners could be told`);
    return untold.length === noticesAtOnce;
  };
};
