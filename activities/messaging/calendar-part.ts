/**
 * Decides what the calendar part of an email does with the recipient's entry.
 *
 * A recipient without a connected calendar to which events are written gets the entry by email. Another one has the event in
 * the connected calendar and must not get a second entry: an entry of earlier emails is removed once, when the event has taken its
 * place and when the audition is cancelled. The organizer cancels it for this attendee alone (RFC 5546, section 3.2.5). While
 * the connected calendar does not have the event, the entry is made by email there too. A recipient who has declined outside the
 * calendar program gets no entry (decision 77).
 */
import type { NoticeDeliveries } from '../../db/auditions/notice-deliveries.ts';
import type { CalendarPart } from '../../domain/audition/calendar-part.ts';
import { hasWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import type { SendNoticeInput } from '../contract.ts';

type Notice = Pick<
  SendNoticeInput,
  | 'organization'
  | 'auditionId'
  | 'channel'
  | 'notice'
  | 'recipient'
  | 'audition'
  | 'isEntryByEmail'
  | 'isEntryDeclined'
>;

/** Returns the calendar part of a notice; undefined for a channel without calendar parts. */
export const calendarPartOf = async (
  notice: Notice,
  { hasEntry }: Pick<NoticeDeliveries, 'hasEntry'>,
): Promise<CalendarPart | undefined> => {
  const { organization, auditionId, channel, recipient, isEntryByEmail = false } = notice;
  if (channel !== 'email') return undefined;
  if (notice.notice === 'reminder' || notice.isEntryDeclined) return 'none';
  const isCancellation = notice.notice === 'cancellation';
  if (!hasWritableCalendar(recipient)) return isCancellation ? 'CANCEL' : 'REQUEST';
  if (isEntryByEmail && !isCancellation) return 'REQUEST';
  const { id: participant, email: address } = recipient;
  const isRemoval = isCancellation || notice.audition.changed === 'calendar';
  if (!isRemoval || address === undefined) return 'none';
  return (await hasEntry({ organization, auditionId, participant, address })) ? 'CANCEL' : 'none';
};

/**
 * Returns whether the notice says that the entry has moved to the connected calendar, and no email has made an entry, or the event
 * is not there.
 */
export const isNeedlessMove = ({
  recipient,
  audition: { changed },
  calendarPart,
}: Pick<SendNoticeInput, 'recipient' | 'audition'> & {
  readonly calendarPart?: CalendarPart | undefined;
}): boolean => changed === 'calendar' && hasWritableCalendar(recipient) && calendarPart !== 'CANCEL';
