/** Creates events of ours, and finds out why a server refuses one. */
import { ProviderError } from '../../domain/errors.ts';
import { withoutEffect } from '../operations.ts';
import type { CalendarEvent } from '../ports.ts';
import { answerAbout } from './answers.ts';
import { readCollectionState } from './collection.ts';
import { appleError } from './errors.ts';
import { newEventText } from './event.ts';
import { createEvent } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { deleteFromTrash, isTrashRefusal, trashError } from './trash.ts';
import { conflictOf } from './write-races.ts';

/**
 * Creates the event. Returns the refusal of the server when it has the event already.
 *
 * @throws {ProviderError} `not_found` when the calendar does not exist, `conflict` with the code `uid_in_trash` when the deleted event
 *   must be removed from the trash by hand
 */
export const create = async (
  scope: CaldavScope,
  url: string,
  event: CalendarEvent,
): Promise<ProviderError | undefined> => {
  const attempt = () => conflictOf(createEvent(scope, url, event.eventId, newEventText(event, new Date())));
  try {
    return await attempt();
  } catch (error) {
    if (isTrashRefusal(error)) return createAfterTrash(scope, url, event, { error, attempt });
    if (!isRefusal(error)) throw error;
    // Servers exist that refuse a write to a calendar that does not exist like any other: Cyrus with 403, DAViCal with 405.
    const { kind } = await answerAbout(readCollectionState(scope, url));
    throw kind === 'absent' ? goneCalendar(scope) : error;
  }
};

const createAfterTrash = async (
  scope: CaldavScope,
  url: string,
  event: CalendarEvent,
  refused: {
    readonly error: ProviderError;
    readonly attempt: () => Promise<ProviderError | undefined>;
  },
): Promise<ProviderError | undefined> => {
  const { status } = refused.error.vendor;
  if (!(await deleteFromTrash(scope, url, event))) throw trashError(scope, status);
  try {
    return await refused.attempt();
  } catch (error) {
    throw isTrashRefusal(error) ? trashError(scope, status) : error;
  }
};

const isRefusal = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_permitted';

const goneCalendar = ({ operation }: CaldavScope): ProviderError =>
  appleError(withoutEffect(operation), { status: 404, message: 'the calendar does not exist' });
