/** The calendars of people at the sandbox and at a CalDAV server, as their owners change them. */
import type { Sandbox } from '../../infra/sandbox/sandbox.ts';
import type { CaldavServer } from './caldav-servers.ts';
import { connectToSandbox } from './google-sandbox.ts';
import { connectToMailbox } from './outlook-mailbox.ts';

/** An event with the mark of an audition. */
interface MarkedEvent {
  readonly id: string;
  readonly auditionId: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

export interface PersonsCalendar {
  readonly name: string;
  readonly provider: 'google' | 'microsoft' | 'apple';
  /** Returns the events of auditions that the owner sees. */
  events(): Promise<readonly MarkedEvent[]>;
  move(id: string, start: number, end: number): Promise<unknown>;
  remove(id: string): Promise<unknown>;
  retitle(id: string, title: string): Promise<unknown>;
  /** Answers the event as an attendee. Absent where our event has no attendee that could. */
  decline?(id: string): Promise<unknown>;
}

const auditionIn = (event: unknown): string | undefined =>
  /aud_[0-9a-zA-Z-]+/.exec(typeof event === 'string' ? event : JSON.stringify(event))?.[0];

/** Returns the main calendar of a Google account. */
export const googleCalendarOf = (sandbox: Sandbox, account: string): PersonsCalendar => {
  const { calendar } = connectToSandbox(sandbox.url, account);
  const patch = (eventId: string, requestBody: object) =>
    calendar.events.patch({ calendarId: 'primary', eventId, requestBody });
  return {
    name: account,
    provider: 'google',
    events: async () =>
      (sandbox.control.state().google.calendars.find(({ id }) => id === account)?.events ?? []).flatMap(
        ({ id, status, start, extendedProperties }) => {
          const auditionId = auditionIn(extendedProperties ?? {});
          return auditionId === undefined || status === 'cancelled'
            ? []
            : [{ id, auditionId, start: Date.parse(start.dateTime ?? '') }];
        },
      ),
    move: (id, start, end) =>
      patch(id, {
        start: { dateTime: new Date(start).toISOString() },
        end: { dateTime: new Date(end).toISOString() },
      }),
    remove: (eventId) => calendar.events.delete({ calendarId: 'primary', eventId }),
    retitle: (id, summary) => patch(id, { summary }),
    decline: (id) => patch(id, { attendees: [{ email: account, responseStatus: 'declined' }] }),
  };
};

/** Returns the main calendar of an Outlook mailbox. */
export const outlookCalendarOf = (sandbox: Sandbox, account: string): PersonsCalendar => {
  const mailbox = connectToMailbox(sandbox, account);
  return {
    name: account,
    provider: 'microsoft',
    events: async () =>
      mailbox.shown().flatMap((event) => {
        const auditionId = auditionIn(event);
        const start = Date.parse(`${event.start.dateTime}Z`);
        return auditionId === undefined ? [] : [{ id: event.immutableId, auditionId, start }];
      }),
    move: mailbox.move,
    remove: mailbox.remove,
    retitle: mailbox.retitle,
  };
};

const digitsOf = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

const instantOfDigits = (digits: string): number =>
  Date.parse(digits.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** Returns a calendar at a CalDAV server. The ids of its events are URLs. */
export const caldavCalendarOf = (server: CaldavServer, url: string): PersonsCalendar => {
  const change = async (id: string, changed: (text: string) => string): Promise<void> => {
    const text = await (await server.send('GET', id)).text();
    await server.send('PUT', id, changed(text), { 'content-type': 'text/calendar' });
  };
  return {
    name: server.name,
    provider: 'apple',
    events: async () =>
      (await server.resources(url)).flatMap(({ url: id, text }) => {
        const auditionId = auditionIn(text);
        const start = instantOfDigits(/^DTSTART:(\S+)/m.exec(text)?.[1] ?? '');
        return auditionId === undefined ? [] : [{ id, auditionId, start }];
      }),
    move: (id, start, end) =>
      change(id, (text) =>
        text
          .replace(/^DTSTART[^\r\n]*/m, `DTSTART:${digitsOf(start)}`)
          .replace(/^DTEND[^\r\n]*/m, `DTEND:${digitsOf(end)}`),
      ),
    remove: (id) => server.send('DELETE', id),
    retitle: (id, title) => change(id, (text) => text.replace(/^SUMMARY[^\r\n]*/m, `SUMMARY:${title}`)),
  };
};
