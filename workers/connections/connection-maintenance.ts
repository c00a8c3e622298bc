/**
 * Maintains connected accounts in rounds: deletes expired authorization requests and watches, ends the watches of disconnected accounts,
 * revokes their grants, and notifies owners whose account needs reauthorization.
 */
import { randomUUID } from 'node:crypto';
import type { ReconnectNoticeOutcome } from '../../activities/connections/reconnect-notice.ts';
import type { WatchEnding } from '../../activities/connections/watch-ending.ts';
import type { AttemptContext } from '../../activities/effects/attempt.ts';
import { emailCallTimeouts } from '../../activities/effects/attempt.ts';
import { isBusyFailure } from '../../activities/failures.ts';
import type { AuthorizationRequests } from '../../db/connections/authorization-requests.ts';
import type {
  DisconnectedAccount,
  DisconnectedAccounts,
} from '../../db/connections/disconnected-accounts.ts';
import type { ClaimedRevocation, PendingRevocations } from '../../db/connections/pending-revocations.ts';
import type { WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';

interface ConnectionMaintenanceOptions {
  readonly disconnected: DisconnectedAccounts;
  readonly authorizationRequests: Pick<AuthorizationRequests, 'deleteExpired'>;
  readonly revocations: Pick<PendingRevocations, 'claim' | 'complete' | 'drop'>;
  readonly watchSubscriptions: Pick<WatchSubscriptions, 'removeExpired'>;
  readonly watchEnding: WatchEnding;
  readonly authorizers: Authorizers['oauth'];
  readonly notifyOwner: (
    disconnected: DisconnectedAccount,
    context: AttemptContext,
  ) => Promise<ReconnectNoticeOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const noticesPerRound = 20;
const revocationsPerRound = 20;
const revocationDeadlineMs = 10_000;

/**
 * The same value in every round. An email with an unknown outcome is repeated only after an operator's decision, which
 * the ledger recognizes by a new execution. A later round must not count as such a decision.
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

/**
 * Returns a maintenance round. It resolves to whether there may be more work.
 * @throws when all notices of the round failed; the relay then pauses.
 */
export const createConnectionMaintenanceRound = (options: ConnectionMaintenanceOptions) => {
  const { disconnected, authorizationRequests, revocations, authorizers, notifyOwner, logger } = options;
  const { watchSubscriptions, watchEnding } = options;

  const revoke = async (revocation: ClaimedRevocation): Promise<void> => {
    const { id, provider, connection, correlationId, grantUse, isPastDeadline } = revocation;
    const logFields = { provider, connection, correlationId };
    const authorizer = authorizers[provider];
    await watchEnding.end(revocation);
    if (grantUse === 'used' || isPastDeadline || !authorizer) {
      if (grantUse !== 'used') logger.error(logFields, 'grant revocation abandoned');
      await watchEnding.abandon(revocation);
      return revocations.drop(id);
    }
    if (grantUse === 'unknown')
      return logger.warn(logFields, 'grant revocation waits for the references of other accounts');
    try {
      const call = { correlationId, signal: AbortSignal.timeout(revocationDeadlineMs) };
      await authorizer.revoke(await revocation.refreshToken(), call);
    } catch (err) {
      return logger.warn({ ...logFields, err }, 'grant revocation failed; retrying');
    }
    await watchEnding.abandon(revocation);
    await revocations.complete(id);
    logger.info(logFields, 'grant of disconnected account revoked');
  };

  /** Another process can be sending the same notice. Its round reports the outcome. */
  const notify = async (account: DisconnectedAccount): Promise<'completed' | 'in_progress' | 'failed'> => {
    const correlationId = randomUUID();
    const logFields = { connection: account.id, organization: account.organization, correlationId };
    try {
      const { outcome } = await notifyOwner(account, createNoticeContext(correlationId));
      logger.info({ ...logFields, outcome }, 'reconnect notice completed');
      return 'completed';
    } catch (err) {
      if (isBusyFailure(err)) return 'in_progress';
      logger.warn({ ...logFields, err }, 'reconnect notice failed; retrying');
      return 'failed';
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    await authorizationRequests.deleteExpired();
    await watchSubscriptions.removeExpired();
    for (const revocation of await revocations.claim(revocationsPerRound)) await revoke(revocation);
    const unnotified = await disconnected.unnotified(noticesPerRound);
    const counts = { completed: 0, in_progress: 0, failed: 0 };
    for (const account of unnotified) {
      if (stopping.aborted) return false;
      counts[await notify(account)] += 1;
    }
    if (counts.failed > 0 && counts.completed === 0)
      throw new Error(`none of ${counts.failed} reconnect notices could be sent: see the preceding warnings`);
    return unnotified.length === noticesPerRound && counts.completed > 0;
  };
};
