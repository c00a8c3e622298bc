/** Sets up a Google calendar at a new sandbox, for the tests of the provider. */
import { onTestFinished } from 'vitest';
import type { Slot } from '../../domain/audition/slot.ts';
import { type Sandbox, startSandbox } from '../../infra/sandbox/sandbox.ts';
import { createGoogleCalendar } from '../../providers/google/calendar.ts';
import { createGoogleClient } from '../../providers/google/client.ts';
import { createGoogleAuthorizer } from '../../providers/google/oauth.ts';
import type { GoogleSettings } from '../../providers/google/settings.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { CalendarEvent, ConnectedAccount } from '../../providers/ports.ts';
import { sandboxSettings } from './sandbox-settings.ts';
import { createMemoryTokenStore } from './token-store.ts';

export const slot: Slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
};
const account = 'casting@example.test';

/** Returns a connected account that gets its access tokens from the sandbox. */
export const openConnectionWith = (settings: GoogleSettings, refreshToken: string): ConnectedAccount => {
  const google = createGoogleAuthorizer(settings);
  const accessTokens = createAccessTokens({
    store: createMemoryTokenStore(refreshToken),
    authorizers: { google, microsoft: undefined, zoom: undefined },
  });
  const owner = { id: 'conn_1', organization: 'org_1', provider: 'google', version: 1 } as const;
  return { ...owner, account, ...accessTokens.forConnection(owner, 'test') };
};
export const calendarId = 'casting@example.test';
export const eventId = 'a0b1c2d3e4';
const reference = 'aud_ophelia';

export const calendarEvent = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  calendarId,
  eventId,
  reference,
  use: { name: 'ada', key: 'event:ada' },
  summary: 'Audition: Ophelia',
  description: 'First round',
  slot,
  revision: 1,
  ...change,
});

/** The end of the use that `calendarEvent` has. */
export const deletion = { calendarId, eventId, reference, keys: ['event:ada'] };

/** Starts a sandbox that stops with the test, and returns a client and a connected account. */
export const setUpGoogleCalendar = async (options: Parameters<typeof startSandbox>[0] = {}) => {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const { google: settings } = sandboxSettings(sandbox.url);
  const { control } = sandbox;
  const client = createGoogleClient(settings);
  const connection = openConnectionWith(settings, `sandbox-refresh-${account}`);
  const events = () => eventsOf(sandbox);
  return {
    settings,
    control,
    client,
    connection,
    calendar: createGoogleCalendar(client),
    events,
    /** Returns the events that a user sees in the calendar. */
    shown: () => events().filter(({ status }) => status !== 'cancelled'),
    calls: () => control.state().calls.google,
  };
};

const eventsOf = ({ control }: Sandbox) => control.state().google.calendars.flatMap(({ events }) => events);
