/**
 * One round of looking after connected accounts: owners are told, grants of disconnected accounts are given back, and
 * what nobody can use any more is cleared away.
 */
import { randomUUID } from 'node:crypto';
import type { ReconnectNoticeOutcome } from '../../activities/connections/reconnect-notice.ts';
import type { Attempting } from '../../activities/effects/call.ts';
import { patientCalls } from '../../activities/effects/call.ts';
import type { AuthorizationRequests } from '../../db/connections/authorization-requests.ts';
import type { FallenConnection, FallenConnections } from '../../db/connections/disconnected-accounts.ts';
import type { ClaimedRevocation, PendingRevocations } from '../../db/connections/pending-revocations.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';

interface CaretakerOptions {
  readonly fallen: FallenConnections;
  readonly requests: Pick<AuthorizationRequests, 'clearExpired'>;
  readonly revocations: Pick<PendingRevocations, 'claim' | 'done'>;
  readonly authorizers: Authorizers['oauth'];
  readonly tellOwner: (fallen: FallenConnection, attempting: Attempting) => Promise<ReconnectNoticeOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const noticesAtOnce = 20;
const revocationsAtOnce = 20;
const revocationDeadlineMs = 10_000;

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
export const createCaretakerRound = (options: CaretakerOptions) => {
  const { fallen, requests, revocations, authorizers, tellOwner, logger } = options;

  const revoke = async (one: ClaimedRevocation): Promise<void> => {
    const { id, provider, connection, correlationId, isConnectedAgain, isHopeless } = one;
    const of = { provider, connection, correlationId };
    const authorizer = authorizers[provider];
    if (isConnectedAgain || isHopeless || !authorizer) {
      if (!isConnectedAgain)
        logger.error(of, 'a grant was not given back: the provider did not take it for days');
      return revocations.done(id);
    }
    try {
      const call = { correlationId, signal: AbortSignal.timeout(revocationDeadlineMs) };
      await authorizer.revoke(await one.refreshToken(), call);
    } catch (err) {
      return logger.warn({ ...of, err }, 'a grant could not be given back: it is tried again');
    }
    await revocations.done(id);
    logger.info(of, 'the grant of a disconnected account was given back');
  };

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
    for (const one of await revocations.claim(revocationsAtOnce)) await revoke(one);
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
