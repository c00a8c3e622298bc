/**
 * Tests that an outage of one group of a vendor's operations leaves the others answering: the vendors' client libraries call the
 * sandbox, whose faults stop one operation.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { type Sandbox, startSandbox } from '../../infra/sandbox/sandbox.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { openConnectionWith } from '../../tests/harness/google-calendar.ts';
import { setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { directoryScope } from '../google/settings.ts';
import type { ConnectedAccount, HostAccount, Providers } from '../ports.ts';
import { createProviders } from '../registry.ts';
import { failuresToOpen } from './circuit.ts';
import { withResilience } from './resilient-providers.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 25, 9) });
  return () => vi.useRealTimers();
});

const slot = {
  start: '2027-03-01T09:00:00.000Z',
  end: '2027-03-01T10:00:00.000Z',
  zone: 'Europe/Paris',
} as const;
const window = { from: slot.start, until: slot.end };

const providersAt = (url: string) => {
  const providers = createProviders({
    ...sandboxSettings(url),
    smtp: { url: 'smtp://127.0.0.1:1', requireTls: false, from: 'casting@castmatch.test' },
  });
  onTestFinished(() => providers.close());
  return withResilience(providers, {
    quotaBook: database.repositories.quotas,
    healthStore: database.repositories.providerHealth,
    limits: {},
    accounts: providers.sharedAccounts,
    metrics: createMetrics(),
    logger: { warn: () => {}, info: () => {} },
    process: 'worker',
  });
};

const sandboxWith = async (): Promise<Sandbox> => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  return sandbox;
};

/** Returns `answered`, also when the answer refuses the call, `held back` or `failed`. */
const resultOf = async (attempt: Promise<unknown>): Promise<'answered' | 'held back' | 'failed'> => {
  try {
    await attempt;
    return 'answered';
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.fault.kind !== 'outage') return 'answered';
    return error.fault.circuit ? 'held back' : 'failed';
  }
};

type Calls = Readonly<Record<string, () => Promise<unknown>>>;

/** Makes one call fail until its circuit is open, and returns the results of all calls. */
const resultsAfter = async (failing: keyof Calls, ...callsOfAccounts: readonly Calls[]) => {
  for (let n = 0; n < failuresToOpen; n += 1)
    for (const calls of callsOfAccounts)
      expect(await resultOf(calls[failing]?.() ?? Promise.resolve())).not.toBe('answered');
  const [calls = {}] = callsOfAccounts;
  const results = await Promise.all(
    Object.entries(calls).map(async ([name, perform]) => [name, await resultOf(perform())] as const),
  );
  return Object.fromEntries(results);
};

/** Returns the expected results: the calls of one group are held back, and all others are answered. */
const only = (heldBack: readonly string[], calls: Calls) =>
  Object.fromEntries(
    Object.keys(calls).map((name) => [name, heldBack.includes(name) ? 'held back' : 'answered']),
  );

describe('an outage at Zoom', () => {
  const host: HostAccount = { kind: 'service', user: 'me' };
  const callsOf = ({ meetings: { zoom }, registrants, recordings }: Providers): Calls => ({
    create: () => zoom.create(host, { reference: 'r', topic: 'Audition', slot, settings: {} }, callContext()),
    check: () => zoom.check(host, '81000000001', callContext()),
    register: () => registrants.zoom.find(host, '81000000001', 'r', callContext()),
    attendance: async () => zoom.attendance?.(host, '81000000001', callContext()),
    recordings: () => recordings.zoom.list(host, '81000000001', callContext()),
    setting: () => recordings.zoom.isAutomatic(host, '81000000001', callContext()),
    user: async () => zoom.identify?.(host, callContext()),
  });

  it.each([
    ['meetings.create', 'create', ['create', 'check']],
    ['meetings.get', 'check', ['create', 'check']],
    ['registrants.list', 'register', ['register']],
    ['meetings.instances', 'recordings', ['recordings']],
    ['users.me', 'user', ['user']],
  ] as const)('of %s leaves the other groups answering', async (operation, failing, heldBack) => {
    const { control, url } = await sandboxWith();
    const calls = callsOf(providersAt(url));
    control.setFault('zoom', { kind: 'outage', operation });
    const failed = await resultsAfter(failing, calls);
    control.clearFaults();
    expect(failed[failing]).toBe('held back');
    const after = await Promise.all(
      Object.entries(calls).map(async ([name, perform]) => [name, await resultOf(perform())] as const),
    );
    expect(Object.fromEntries(after)).toEqual(only(heldBack, calls));
  });
});

describe('an outage at Twilio', () => {
  it.each([
    ['messages.create', 'send', ['send']],
    ['messages.get', 'status', ['status', 'find']],
  ] as const)('of %s leaves the other group answering', async (operation, failing, heldBack) => {
    const { control, url } = await sandboxWith();
    const { textMessages } = providersAt(url);
    const text = { to: '+33612345678', body: 'Your audition. Ref K7WQ2M', reference: 'K7WQ2M' };
    const calls: Calls = {
      send: () => textMessages.send(text, callContext()),
      find: () => textMessages.find(text, slot.start, callContext()),
      status: () => textMessages.statusOf('SM00000000000000000000000000000001', callContext()),
    };
    control.setFault('twilio', { kind: 'outage', operation });
    expect(await resultsAfter(failing, calls)).toEqual(only(heldBack, calls));
  });
});

const calendarCallsOf = (
  provider: 'google' | 'microsoft',
  connection: ConnectedAccount,
  { calendars, calendarChanges, recordings, meetings }: Providers,
): Calls => ({
  freeBusy: () => calendars[provider].freeBusy(connection, ['primary'], window, callContext()),
  lists: () => calendars[provider].calendarList.list(connection, [], callContext()),
  rooms: async () => calendars[provider].rooms?.list(connection, [directoryScope], callContext()),
  watch: async () =>
    calendarChanges[provider]?.push?.watch(
      connection,
      {
        calendarId: 'primary',
        id: crypto.randomUUID(),
        secret: 's'.repeat(32),
        address: 'https://castmatch.test/v1/webhooks',
        expiresAt: '2026-11-26T09:00:00.000Z',
      },
      callContext(),
    ),
  write: () =>
    calendars[provider].putEvent(
      connection,
      {
        calendarId: 'primary',
        eventId: 'a0b1c2d3e4',
        reference: 'aud_1',
        use: { name: 'ada', key: 'event:ada' },
        summary: 'Audition',
        description: '',
        slot,
        revision: 1,
      },
      callContext(),
    ),
  recordings: () =>
    recordings[provider === 'google' ? 'google_meet' : 'microsoft_teams'].list(
      { kind: 'connected', connection },
      'meeting-1',
      callContext(),
    ),
  ...(provider === 'microsoft'
    ? {
        meeting: () =>
          meetings.microsoft_teams.check({ kind: 'connected', connection }, 'meeting-1', callContext()),
      }
    : {}),
});

describe.each([
  ['events.watch', 'watch'],
  ['resources.calendars.list', 'rooms'],
  ['calendarList.list', 'lists'],
  ['events.insert', 'write'],
  ['freebusy.query', 'freeBusy'],
] as const)('an outage at Google', (operation, failing) => {
  it(`of ${operation} leaves the other groups answering`, async () => {
    const { control, url } = await sandboxWith();
    const providers = providersAt(url);
    const connection = openConnectionWith(
      sandboxSettings(url).google,
      'sandbox-refresh-casting@example.test',
    );
    const calls = calendarCallsOf('google', connection, providers);
    control.setFault('google', { kind: 'outage', operation });
    expect(
      await resultsAfter(
        failing,
        calls,
        calendarCallsOf('google', { ...connection, id: 'conn_2' }, providers),
      ),
    ).toEqual(only([failing], calls));
  });
});

describe.each([
  ['subscriptions.create', 'watch'],
  ['places.rooms', 'rooms'],
  ['calendars.list', 'lists'],
  ['calendarView.list', 'freeBusy'],
  ['onlineMeetings.get', 'meeting'],
] as const)('an outage at Microsoft', (operation, failing) => {
  it(`of ${operation} leaves the other groups answering`, async () => {
    const { control, url, connection } = await setUpOutlookCalendar();
    const providers = providersAt(url);
    const calls = calendarCallsOf('microsoft', connection, providers);
    control.setFault('microsoft', { kind: 'outage', operation });
    expect(
      await resultsAfter(
        failing,
        calls,
        calendarCallsOf('microsoft', { ...connection, id: 'conn_2' }, providers),
      ),
    ).toEqual(only([failing], calls));
  });
});
