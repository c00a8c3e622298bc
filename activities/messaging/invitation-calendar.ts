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
  readonly link: string;
}

/**
 * Returns the calendar invitation. The UID is constant per audition, and the revision is the SEQUENCE, so a move
 * updates the same entry.
 */
export const renderInvitationCalendar = (
  method: 'REQUEST' | 'CANCEL',
  { auditionId, audition, recipient, organizer, link }: CalendarInvitation,
): NonNullable<EmailMessage['calendar']> => {
  const cancelled = method === 'CANCEL';
  const calendar = ical({
    prodId: { company: 'CastMatch', product: 'Orchestrator' },
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST,
  });
  const details = [audition.joinUrl, audition.notes, cancelled ? undefined : link];
  calendar.createEvent({
    id: `${auditionId}@castmatch`,
    sequence: audition.revision,
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    start: new Date(audition.slot.start),
    end: new Date(audition.slot.end),
    summary: `${audition.role.name}, ${audition.project.title}`,
    description: details.filter(Boolean).join('\n\n'),
    location: audition.slot.room ?? audition.joinUrl ?? null,
    organizer: organizerOf(organizer),
    attendees: [
      {
        name: recipient.name,
        email: recipient.email,
        role: recipient.required ? ICalAttendeeRole.REQ : ICalAttendeeRole.OPT,
        status: ICalAttendeeStatus.NEEDSACTION,
        rsvp: !cancelled,
      },
    ],
  });
  return { method, content: calendar.toString() };
};

const organizerOf = (sender: string): { readonly name: string; readonly email: string } => {
  const [, name = '', email = ''] = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(sender) ?? [];
  return { name: name || 'CastMatch', email: email || sender.trim() };
};
