/**
 * Removes events of ours from the trash of a Nextcloud account. A deleted event keeps its UID there, and a new event with this UID
 * is refused, with 400 (https://github.com/nextcloud/server/issues/30096, versions 22 to 25). Later versions delete the event in the
 * trash themselves, as this service does (https://github.com/nextcloud/server/pull/34375), but fail with 403 when they cannot name it
 * anew (until https://github.com/nextcloud/server/pull/61881).
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { answerAbout } from './answers.ts';
import { textValue } from './dav-values.ts';
import { appleError } from './errors.ts';
import { isForeign, readStored } from './event.ts';
import { deleteEventResource, queryWhere, readResource } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';

/** `name_in_trash`: the trash has an event with the name that a deleted event gets. */
const refusals: ReadonlySet<string> = new Set(['uid_in_trash', 'name_in_trash']);

/** Whether the server has refused a write because of an event in the trash. */
export const isTrashRefusal = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && refusals.has(error.vendor.code ?? '');

/** Returns the error for an event that cannot be written because of one in the trash. */
export const trashError = ({ operation }: Pick<CaldavScope, 'operation'>, status: number | undefined) =>
  appleError(operation, {
    status,
    code: 'uid_in_trash',
    message: 'the deleted event is in the trash of the calendar; delete it there for good, and retry',
  });

/** Nextcloud names the calendar from which an event was deleted: the last segment of its URL. */
const propsSchema = z.object({ calendarUri: textValue.optional().catch(undefined) });

const properties = {
  'd:getetag': {},
  'c:calendar-data': {},
  'nc:calendar-uri': { _attributes: { 'xmlns:nc': 'http://nextcloud.com/ns' } },
} as const;

/**
 * Deletes the events with this UID that were deleted from the calendar, and that are not of another program. Returns whether there was
 * one. Of a calendar that another account shares, the trash is that of the other account.
 *
 * @throws {ProviderError} when the trash cannot be read now
 */
export const deleteFromTrash = async (
  scope: CaldavScope,
  calendarUrl: string,
  { eventId, reference }: { readonly eventId: string; readonly reference: string },
): Promise<boolean> => {
  // https://github.com/nextcloud/server/tree/master/apps/dav/lib/CalDAV/Trashbin: in the home of the calendars.
  const trashUrl = new URL('../trashbin/objects/', calendarUrl).href;
  let isDeleted = false;
  const deletion = async () => {
    // Nextcloud ignores the filter, and answers with all events in the trash.
    const filter = { 'prop-filter': { _attributes: { name: 'UID' }, 'text-match': eventId } };
    for (const answer of await queryWhere(scope, trashUrl, filter, properties)) {
      if (answer.status >= 400 || !isOf(calendarUrl, answer.props)) continue;
      const { url, text = '' } = readResource(trashUrl, answer);
      const stored = readStored(text, eventId);
      if (!stored || isForeign(stored, reference) || !url.startsWith(trashUrl)) continue;
      await deleteEventResource(scope, { url, etag: undefined, text });
      isDeleted = true;
    }
  };
  const { kind, ...answer } = await answerAbout(deletion());
  if (kind === 'failed' && 'error' in answer) throw answer.error;
  return isDeleted;
};

const isOf = (calendarUrl: string, props: unknown): boolean => {
  const { calendarUri } = propsSchema.parse(props ?? {});
  return calendarUri === undefined || segmentOf(calendarUrl) === calendarUri;
};

const segmentOf = (calendarUrl: string): string =>
  decodeURIComponent(new URL(calendarUrl).pathname.replace(/\/$/, '').split('/').at(-1) ?? '');
