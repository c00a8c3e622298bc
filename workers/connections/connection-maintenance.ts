/**
 * One round of looking after connected accounts: owners are told, grants of disconnected accounts are given back, and
 * what nobody can use any more is cleared away.
 */
import { randomUUID } from 'node:crypto';
import type { ReconnectNoticeOutcome } from '../../activities/connections/reconnect-notice.ts';
import type { AttemptContext } from '../../activities/effects/attempt.ts';
import { emailCallTimeouts } from '../../activities/effects/attempt.ts';
import type { AuthorizationRequests } from '../../db/connections/authorization-requests.ts';
import type {
  DisconnectedAccount,
  DisconnectedAccounts,
} from '../../db/connections/disconnected-accounts.ts';
import type { ClaimedRevocation, PendingRevocations } from '../../db/connections/pending-revocations.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';

interface ConnectionMaintenanceOptions {
  readonly disconnected: DisconnectedAccounts;
  readonly authorizationRequests: Pick<AuthorizationRequests, 'deleteExpired'>;
  readonly revocations: Pick<PendingRevocations, 'claim' | 'complete'>;
  readonly authorizers: Authorizers['oauth'];
  readonly notifyOwner: (
    fallen: DisconnectedAccount,
    attempting: AttemptContext,
  ) => Promise<ReconnectNoticeOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const noticesPerRound = 20;
const revocationsPerRound = 20;
const revocationDeadlineMs = 10_000;

/**
 * The same in every round: whether a letter was sent of which nobody knows is a person's to say, and none has said it
 * only because a round later it is looked at again.
 */
const noticeExecution = 'connections/reconnect-notice';

const createNoticeContext = (correlationId: string): AttemptContext => {
  const startCall = () => ({ correlationId, signal: AbortSignal.timeout(emailCallTimeouts.deadlineMs) });
  return {
    leaseMs: emailCallTimeouts.leaseMs,
    execution: noticeExecution,
    startCall,
    startCleanUp: startCall,
  };
};

/** Answers whether there may be more. Throws when none of the letters could be sent: then the relay pauses. */
export const createConnectionMaintenanceRound = (options: ConnectionMaintenanceOptions) => {
  const { disconnected, authorizationRequests, revocations, authorizers, notifyOwner, logger } = options;

  const revoke = async (one: ClaimedRevocation): Promise<void> => {
    const { id, provider, connection, correlationId, isReconnected, isPastDeadline } = one;
    const logFields = { provider, connection, correlationId };
    const authorizer = authorizers[provider];
    if (isReconnected || isPastDeadline || !authorizer) {
      if (!isReconnected)
        logger.error(logFields, 'a grant was not given back: the provider did not take it for days');
      return revocations.complete(id);
    }
    try {
      const call = { correlationId, signal: AbortSignal.timeout(revocationDeadlineMs) };
      await authorizer.revoke(await one.refreshToken(), call);
    } catch (err) {
      return logger.warn({ ...logFields, err }, 'a grant could not be given back: it is tried again');
    }
    await revocations.complete(id);
    logger.info(logFields, 'the grant of a disconnected account was given back');
  };

  const notify = async (one: DisconnectedAccount): Promise<boolean> => {
    const correlationId = randomUUID();
    const logFields = { connection: one.id, organization: one.organization, correlationId };
    try {
      const { outcome } = await notifyOwner(one, createNoticeContext(correlationId));
      logger.info({ ...logFields, outcome }, 'the owner of an account was told to connect it again');
      return true;
    } catch (err) {
      logger.warn({ ...logFields, err }, 'the owner of an account could not be told to connect it again');
      return false;
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    await authorizationRequests.deleteExpired();
    for (const one of await revocations.claim(revocationsPerRound)) await revoke(one);
    const unnotified = await disconnected.unnotified(noticesPerRound);
    let notified = 0;
    for (const one of unnotified) {
      if (stopping.aborted) return false;
      if (await notify(one)) notified += 1;
    }
    if (unnotified.length > 0 && notified === 0)
      throw new Error(`none of ${unnotified.length} owners could be told`);
    return unnotified.length === noticesPerRound;
  };
};
