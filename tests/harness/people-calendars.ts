/** The calendars of people at the sandbox and at a CalDAV server, as their owners change them. */
import { DateTime } from 'luxon';
import type { Sandbox } from '../../infra/sandbox/sandbox.ts';
import type { CaldavServer } from './caldav-servers.ts';
import type { ChangingZone } from './clock-changes.ts';
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
  /** With a zone, the times are local, as calendar programs write them: those that exist twice mean the first one. */
  move(id: string, start: number, end: number, zone?: ChangingZone): Promise<unknown>;
  remove(id: string): Promise<unknown>;
  retitle(id: string, title: string): Promise<unknown>;
  /** Answers the event as an attendee. Absent where our event has no attendee that could. */
  decline?(id: string): Promise<unknown>;
}

const auditionIn = (event: unknown): string | undefined =>
  /aud_[0-9a-zA-Z-]+/.exec(typeof event === 'string' ? event : JSON.stringify(event))?.[0];

const localTime = (epochMs: number, zone: string): string =>
  DateTime.fromMillis(epochMs, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ss");

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
    move: (id, start, end, local) => {
      const timeOf = (at: number) =>
        local
          ? { dateTime: localTime(at, local.zone), timeZone: local.zone }
          : { dateTime: new Date(at).toISOString() };
      return patch(id, { start: timeOf(start), end: timeOf(end) });
    },
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

const instantOfDigits = (digits: string, zone = 'utc'): number => {
  const local = DateTime.fromFormat(digits.replace('Z', ''), "yyyyMMdd'T'HHmmss", { zone });
  return Math.min(...local.getPossibleOffsets().map((time) => time.toMillis()));
};

/** The zone of `localLine`: https://www.rfc-editor.org/rfc/rfc5545#section-3.6.5 */
const parisZone = [
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Paris',
  'BEGIN:DAYLIGHT',
  'DTSTART:19700329T020000',
  'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'END:DAYLIGHT',
  'BEGIN:STANDARD',
  'DTSTART:19701025T030000',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'END:STANDARD',
  'END:VTIMEZONE',
].join('\r\n');

const localLine = (name: string, at: number): string =>
  `${name};TZID=Europe/Paris:${localTime(at, 'Europe/Paris').replaceAll(/[-:]/g, '')}`;

const withParisZone = (text: string): string =>
  text.includes('TZID:Europe/Paris') ? text : text.replace('BEGIN:VEVENT', `${parisZone}\r\nBEGIN:VEVENT`);

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
        // The components of a zone have times as well.
        const event = text.slice(text.indexOf('BEGIN:VEVENT'));
        const [, zone, digits = ''] = /^DTSTART(?:;TZID=([^:;]+))?[^:]*:(\S+)/m.exec(event) ?? [];
        const start = instantOfDigits(digits, zone);
        return auditionId === undefined ? [] : [{ id, auditionId, start }];
      }),
    move: (id, start, end, local) =>
      change(id, (text) => {
        const at = text.indexOf('BEGIN:VEVENT');
        const lineOf = (name: string, time: number) =>
          local ? localLine(name, time) : `${name}:${digitsOf(time)}`;
        const event = text
          .slice(at)
          .replace(/^DTSTART[^\r\n]*/m, lineOf('DTSTART', start))
          .replace(/^DTEND[^\r\n]*/m, lineOf('DTEND', end));
        const moved = `${text.slice(0, at)}${event}`;
        return local ? withParisZone(moved) : moved;
      }),
    remove: (id) => server.send('DELETE', id),
    retitle: (id, title) => change(id, (text) => text.replace(/^SUMMARY[^\r\n]*/m, `SUMMARY:${title}`)),
  };
};
