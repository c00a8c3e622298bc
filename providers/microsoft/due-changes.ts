/**
 * Reads what is due of a listing: one change after the other, because a call holds one of the four places of the mailbox. Each
 * answer counts, whatever the other requests are answered.
 */
import type { ProviderError } from '../../domain/errors.ts';
import { type FailedRead, failedReadOf, isGivenUp } from '../failed-reads.ts';
import type { ListedChange } from '../ports.ts';
import type { CalendarRequest, ChangedEvents, Window } from './changed-events.ts';
import { dueOf, type ListingPlace, type UnreadChange } from './listing-place.ts';
import { mostFailuresInRow } from './settings.ts';

interface DueChanges {
  readonly changes: readonly ListedChange[];
  /** Where the listing continues. */
  readonly place: ListingPlace;
  /** Why the page ended early. */
  readonly interruptedBy?: ProviderError | undefined;
}

/** A change of which Graph says something that can be true of the whole calendar. */
interface Doubted {
  readonly change: UnreadChange;
  /** What was read, when Graph has said that the event does not exist. */
  readonly read: readonly ListedChange[];
  /** Undefined: the event does not exist. */
  readonly failed?: FailedRead | undefined;
}

/**
 * Reads until `mayStop` returns true. A change whose read fails comes last in the next pages. When the calendar can be read and the
 * change cannot, repeatedly, it is left out.
 *
 * @throws {ProviderError} when nothing was read, because Graph fails as a whole
 */
export const readDue = async (
  changedEvents: ChangedEvents,
  request: CalendarRequest,
  place: ListingPlace,
  { window, mayStop }: { readonly window: Window; readonly mayStop: () => boolean },
): Promise<DueChanges> => {
  const unread = new Set(place.unread);
  const changes: ListedChange[] = [];
  const doubted: Doubted[] = [];
  let failuresInRow = 0;
  let lastFailure: FailedRead | undefined;
  let isAnswered = false;
  let interruptedBy: ProviderError | undefined;
  for (const change of dueOf(place)) {
    if (interruptedBy || mayStop()) break;
    try {
      const { changes: read, isMissing } = await changedEvents.read(request, change, window);
      failuresInRow = 0;
      isAnswered = true;
      if (isMissing) doubted.push({ change, read });
      else {
        changes.push(...read);
        unread.delete(change);
      }
    } catch (error) {
      const failed = failedReadOf(error, request.call);
      lastFailure = failed;
      failuresInRow += 1;
      if (failed.kind !== 'account') doubted.push({ change, read: [], failed });
      if (failed.kind === 'account' || failuresInRow === mostFailuresInRow) interruptedBy = failed.error;
    }
  }
  let isCounted = false;
  const failedAgain: UnreadChange[] = [];
  try {
    if (doubted.length > 0) await changedEvents.requireCalendar(request);
    for (const { change, read, failed } of doubted) {
      const { failures = 0 } = change;
      if (failed && !isGivenUp(failed, failures)) failedAgain.push({ ...change, failures: failures + 1 });
      else if (failed) changes.push(...(await changedEvents.leaveOut(request, change, failed, window)));
      else changes.push(...read);
      unread.delete(change);
      isCounted = true;
    }
  } catch (error) {
    interruptedBy = failedReadOf(error, request.call).error;
  }
  // The next attempt waits as after any failure.
  if (!isAnswered && failedAgain.length > 0) interruptedBy ??= lastFailure?.error;
  const isUnchanged = unread.size === place.unread.length && !isCounted;
  if (interruptedBy && isUnchanged) throw interruptedBy;
  return { changes, place: { ...place, unread: [...unread, ...failedAgain] }, interruptedBy };
};
