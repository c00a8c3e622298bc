/**
 * Whether providers, database and workflows agree: each meeting, event and message outside belongs to an audition
 * that knows of it, and each that an audition knows of is there, once.
 */
import type { AuditionView } from '../../domain/audition/view.ts';
import { readMails } from './mail-server.ts';
import { type ServiceUnderTest, sandboxAccounts } from './service.ts';

/** Whose calendar the meetings on Meet are made in; no participant has it. */
const officeAccount = sandboxAccounts.conn_office;

/** What exists outside, in an order that can be compared. */
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

/** What the auditions say exists outside. */
export const expectedProviderState = (views: readonly AuditionView[]) => ({
  meetings: views.flatMap(({ meeting }) => (meeting?.provider === 'zoom' ? [meeting.id] : [])).sort(),
  events: views
    .flatMap(({ calendarEvents }) =>
      calendarEvents.map(({ connection, eventId }) => `${accountOf(connection)} ${eventId}`),
    )
    .sort(),
  /** A meeting on Meet is an event in the office's calendar that nobody is named in. */
  meetEvents: views.filter(({ meeting }) => meeting?.provider === 'google_meet').length,
  emails: noticesBy(views, 'email'),
  texts: noticesBy(views, 'sms'),
});

const accountOf = (connection: string): string | undefined =>
  new Map<string, string>(Object.entries(sandboxAccounts)).get(connection);

const noticesBy = (views: readonly AuditionView[], channel: 'email' | 'sms') =>
  views.flatMap(({ notices }) => notices.filter((notice) => notice.channel === channel)).length;

/** Whatever stands more than once. */
export const duplicatesIn = (items: readonly string[]): readonly string[] =>
  items.filter((item, index) => items.indexOf(item) !== index);
