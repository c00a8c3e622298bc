/**
 * Compares the providers with the auditions. Each meeting, calendar event and message at a provider must be recorded
 * by an audition, and each recorded one must exist exactly once.
 */
import type { AuditionView } from '../../domain/audition/view.ts';
import { readMails } from './mail-server.ts';
import { type ServiceUnderTest, sandboxAccounts } from './service.ts';

/** The account in whose calendar Meet meetings are created; no participant uses it. */
const officeAccount = sandboxAccounts.conn_office;

/** Returns what exists at the providers, sorted for comparison. */
export const providerState = async ({
  sandbox,
  mailServer,
}: Pick<ServiceUnderTest, 'sandbox' | 'mailServer'>) => {
  const { google, zoom, twilio } = sandbox.control.state();
  const mails = await readMails(mailServer.apiUrl);
  const events = google.calendars.flatMap((calendar) =>
    calendar.events
      .filter(({ status, origin }) => status !== 'cancelled' && origin !== 'foreign')
      .map(({ id }) => `${calendar.owner} ${id}`),
  );
  return {
    meetings: zoom.meetings.map(({ id }) => String(id)).sort(),
    events: events.filter((event) => !event.startsWith(officeAccount)).sort(),
    meetEvents: events.filter((event) => event.startsWith(officeAccount)).length,
    emails: mails.flatMap(({ to, subject }) => to.map(({ address }) => `${address} ${subject}`)).sort(),
    texts: twilio.messages.map(({ to }) => to).sort(),
  };
};

/** Returns what must exist at the providers according to the auditions. */
export const expectedProviderState = (views: readonly AuditionView[]) => ({
  meetings: views.flatMap(({ meeting }) => (meeting?.provider === 'zoom' ? [meeting.id] : [])).sort(),
  events: views
    .flatMap(({ calendarEvents }) =>
      calendarEvents.map(({ connection, eventId }) => `${accountOf(connection)} ${eventId}`),
    )
    .sort(),
  /** A Meet meeting is an event without attendees in the office's calendar. */
  meetEvents: views.filter(({ meeting }) => meeting?.provider === 'google_meet').length,
  emails: noticesBy(views, 'email'),
  texts: noticesBy(views, 'sms'),
});

const accountOf = (connection: string): string | undefined =>
  new Map<string, string>(Object.entries(sandboxAccounts)).get(connection);

const noticesBy = (views: readonly AuditionView[], channel: 'email' | 'sms') =>
  views.flatMap(({ notices }) => notices.filter((notice) => notice.channel === channel)).length;

/** Returns the items that occur more than once. */
export const duplicatesIn = (items: readonly string[]): readonly string[] =>
  items.filter((item, index) => items.indexOf(item) !== index);
