/** Tests the reminders of our events at CalDAV servers of other authors. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { caldavServerNames, hasCaldavServer, startCaldavServer } from '../../tests/harness/caldav-servers.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { CalendarEvent } from '../ports.ts';
import { createCaldavCalendar } from './calendar.ts';

const eventId = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const later = { ...slot, start: '2026-12-02T14:00:00.000Z', end: '2026-12-02T14:30:00.000Z' } as const;

const triggersIn = (text: string): readonly string[] =>
  [...text.matchAll(/^TRIGGER:(.*)$/gm)].map(([, value = '']) => value.trim());

describe.each(caldavServerNames)('an event at %s', (program) => {
  // Servers of tests/harness/caldav-servers.ts.
  it.skipIf(!hasCaldavServer(program))(
    'has an alarm for each reminder, and keeps what its owner makes of them (needs the server)',
    async () => {
      const server = await startCaldavServer(program);
      onTestFinished(() => server.close());
      const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
      onTestFinished(async () => dispatcher.destroy());
      const provider = createCaldavCalendar(
        (home) => createGuardedFetch(dispatcher, home),
        () => {},
      );
      const calendarId = await server.createCalendar('alarms');
      const account = caldavAccount(server.url);
      const put = (change: Partial<CalendarEvent> = {}) =>
        provider.putEvent(
          account,
          {
            calendarId,
            eventId,
            reference: 'aud_0190c8a2-1111-7222-8333-444455556666',
            use: { name: 'ada', key: 'key-1' },
            summary: 'Audition: Captain',
            description: '',
            slot,
            revision: 1,
            reminders: [45, 30],
            ...change,
          },
          callContext(),
        );
      const stored = async () => (await server.resources(calendarId))[0]?.text ?? '';
      await put();
      const written = await stored();
      expect(triggersIn(written)).toEqual(['-PT45M', '-PT30M']);
      await put();
      expect(await stored()).toBe(written);
      const edited = written.replace('TRIGGER:-PT45M', 'TRIGGER:-PT2H');
      await server.send('PUT', `${calendarId}${eventId}.ics`, edited, { 'content-type': 'text/calendar' });
      await put({ slot: later, revision: 2 });
      expect(triggersIn(await stored())).toEqual(['-PT2H', '-PT30M']);
    },
  );
});
