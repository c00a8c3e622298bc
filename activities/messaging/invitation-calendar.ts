/**
 * Renders the iCalendar part of an email (iMIP, RFC 6047; iTIP, RFC 5546), for recipients without a connected calendar.
 * Times are in UTC, which needs no VTIMEZONE and has no DST gaps or overlaps.
 */
import ical, {
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator';
import type { CalendarPart } from '../../domain/audition/calendar-part.ts';
import { invitationUidOf } from '../../domain/audition/invitation-uid.ts';
import { mailboxOf } from '../../domain/audition/mailbox.ts';
import { mailtoPathOf } from '../../domain/audition/mailto.ts';
import type { Participant } from '../../domain/audition/request.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { EmailMessage } from '../../providers/ports.ts';
import type { NoticeFacts } from '../contract.ts';

export interface CalendarInvitation {
  readonly auditionId: AuditionId;
  readonly audition: NoticeFacts;
  readonly recipient: Participant & { readonly email: string };
  /** `Name <address>` or the address alone. */
  readonly organizer: string;
  /** The organizer's address, when it is another one: answers are sent to it (RFC 6047, section 2.2.2). */
  readonly replyAddress?: string | undefined;
}

/**
 * Returns the calendar invitation. The UID is constant per audition, and the SEQUENCE increases with each fact of the
 * audition and with each cancellation, so a move updates the same entry, and an invitation after a cancellation restores it.
 */
export const renderInvitationCalendar = (
  method: 'REQUEST' | 'CANCEL',
  { auditionId, audition, recipient, organizer, replyAddress }: CalendarInvitation,
): NonNullable<EmailMessage['calendar']> => {
  const cancelled = method === 'CANCEL';
  const calendar = ical({
    prodId: { company: 'CastMatch', product: 'Orchestrator' },
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST,
  });
  // Without the link to the answer: others can read the calendar, and would answer for this person.
  const details = [audition.joinUrl, audition.notes];
  calendar.createEvent({
    id: invitationUidOf(auditionId),
    sequence: sequenceOf(method, audition),
    status: statusOf(method, audition),
    start: new Date(audition.slot.start),
    end: new Date(audition.slot.end),
    summary: `${audition.role.name}, ${audition.project.title}`,
    description: details.filter(Boolean).join('\n\n'),
    location: audition.slot.room ?? audition.joinUrl ?? null,
    organizer: organizerOf(organizer, replyAddress),
    attendees: [
      {
        name: parameterTextOf(recipient.name),
        ...calendarAddressOf(recipient.email),
        role: recipient.required ? ICalAttendeeRole.REQ : ICalAttendeeRole.OPT,
        status: ICalAttendeeStatus.NEEDSACTION,
        rsvp: !cancelled,
      },
    ],
  });
  return { method, content: calendar.toString() };
};

/**
 * Returns the status of the event. A cancellation that only removes the entry of this attendee has none: the event takes place
 * (RFC 5546, section 3.2.5).
 */
const statusOf = (method: 'REQUEST' | 'CANCEL', { changed }: NoticeFacts): ICalEventStatus | null => {
  if (method === 'REQUEST') return ICalEventStatus.CONFIRMED;
  return changed === 'calendar' || changed === 'declined' ? null : ICalEventStatus.CANCELLED;
};

/**
 * Returns the SEQUENCE. For a notice without one: a higher SEQUENCE for the cancellation of a revision than for its request, and a lower one than for the
 * request of the next revision. A cancellation is a revision of its own (RFC 5546, section 2.1.4).
 */
export const sequenceOf = (
  method: CalendarPart,
  { sequence, revision }: Pick<NoticeFacts, 'sequence' | 'revision'>,
): number => sequence ?? 2 * revision + (method === 'CANCEL' ? 1 : 0);

/** The address of a participant or of the organizer, as the library takes it. */
interface CalendarAddress {
  readonly email: string;
  readonly mailto?: string;
}

/**
 * Returns the address as a URI. The parameter EMAIL (RFC 7986, section 6.2) has it without percent signs, for programs that do not decode
 * them. A quoted local part cannot stand in a parameter.
 */
const calendarAddressOf = (email: string): CalendarAddress => {
  const mailto = mailtoPathOf(email);
  return mailto === email || email.startsWith('"') ? { email: mailto } : { email, mailto };
};

const organizerOf = (
  sender: string,
  replyAddress: string | undefined,
): CalendarAddress & { readonly name: string } => {
  const { name, address } = mailboxOf(sender);
  const [, quoted] = /^"(.*)"$/.exec(name.trim()) ?? [];
  const plain = quoted?.replaceAll(/\\(.)/g, '$1') ?? name;
  return {
    name: parameterTextOf(plain) || 'CastMatch',
    ...calendarAddressOf(replyAddress ?? address),
  };
};

/**
 * Returns the text as it can stand in a quoted parameter. A parameter has no escapes: quotes and control characters are
 * forbidden (RFC 5545, section 3.2), and the library would double a backslash.
 */
const parameterTextOf = (text: string): string =>
  text
    .replaceAll('"', "'")
    .replaceAll(/[\p{Cc}\\]+/gu, ' ')
    .trim();
