/**
 * Looks at the meetings of sessions that begin within minutes, and signals the auditions whose provider fails. The audition then
 * checks its meeting itself, and moves everyone. An audition whose provider works gets no signal, so the watch costs it nothing.
 *
 * Nothing is stored about a failure. It is found again in the next round, so a signal that is lost, or a worker that is killed,
 * delays the move by one interval. An audition ignores repeated signals while it checks or moves.
 */
import type { LookAtMeeting } from '../../activities/meetings/meetings.ts';
import type { MeetingWatch, WatchedAudition, WatchedMeetings } from '../../db/meetings/meeting-watch.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { second } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { WorkflowSignals } from '../inbox/workflow-signals.ts';

interface WatchRoundOptions {
  readonly watch: MeetingWatch;
  readonly look: LookAtMeeting;
  readonly workflowSignals: Pick<WorkflowSignals, 'signalAudition'>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly intervalMs?: number;
}

/** One look for each organization and provider in this time, whatever the number of its sessions and of worker processes. */
const defaultIntervalMs = 15 * second;
const looksPerRound = 50;
const lookDeadlineMs = 8 * second;

/** These concern every meeting of the provider. */
const faultsOfProvider: ReadonlySet<ProviderFaultKind> = new Set(['outage', 'retry', 'retry_after']);

/** These concern the account of the meeting. */
const faultsOfAccount: ReadonlySet<ProviderFaultKind> = new Set([
  'reconnect',
  'misconfigured',
  'not_permitted',
  'quota_exhausted',
]);

/** Whose meeting may be unusable: that of no audition, of the one that was looked at, or of all. */
type Verdict = 'none' | 'one' | 'all';

/**
 * Returns a round. It resolves to whether there may be more meetings to look at now.
 * @throws when Temporal or the database does not answer; the relay then pauses
 */
export const createWatchRound = ({
  watch,
  look,
  workflowSignals,
  logger,
  now = Date.now,
  intervalMs = defaultIntervalMs,
}: WatchRoundOptions) => {
  const lookAt = async (audition: WatchedAudition, stopping: AbortSignal): Promise<Verdict> => {
    const { id, organization, meeting } = audition;
    if (!meeting || meeting.provider === 'manual') return 'none';
    const { provider } = meeting;
    const call = {
      correlationId: `meeting-watch/${id}`,
      organization,
      signal: AbortSignal.any([stopping, AbortSignal.timeout(lookDeadlineMs)]),
    };
    try {
      const status = await look({ organization, auditionId: id, provider, meeting }, call);
      if (status === 'present') return 'none';
      logger.warn({ organization, audition: id, provider }, 'meeting missing before its session');
      return 'one';
    } catch (err) {
      if (stopping.aborted) return 'none';
      logger.warn(
        { err, organization, audition: id, provider },
        'look at a meeting before its session failed',
      );
      // Anything else, such as a fault of our database, says nothing about the meeting.
      if (!(err instanceof ProviderError)) return 'none';
      if (faultsOfProvider.has(err.fault.kind)) return 'all';
      return faultsOfAccount.has(err.fault.kind) ? 'one' : 'none';
    }
  };

  const signal = async ({ id, meeting }: WatchedAudition): Promise<void> => {
    if (!meeting) return;
    await workflowSignals.signalAudition(id, {
      about: 'meeting_doubted',
      report: { origin: 'system', meetingId: meeting.id },
    });
  };

  /** Looks at one meeting, another one each time. */
  const watchOver = async ({ auditions }: WatchedMeetings, stopping: AbortSignal): Promise<void> => {
    const chosen = auditions[Math.floor(Math.random() * auditions.length)];
    if (!chosen) return;
    const verdict = await lookAt(chosen, stopping);
    if (verdict === 'none') return;
    const isConcerned = ({ meeting }: WatchedAudition) =>
      verdict === 'all' || meeting?.id === chosen.meeting?.id;
    await settled(auditions.filter(isConcerned).map(signal));
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    const claimed = await watch.claim(now(), intervalMs, looksPerRound);
    await settled(claimed.map((meetings) => watchOver(meetings, stopping)));
    return claimed.length === looksPerRound;
  };
};

/** Waits for all. @throws the first error */
const settled = async (all: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
};
