/**
 * Makes each meeting provider fail in each way, at each call of each step. Afterwards looks at what is left at every provider:
 * never two meetings of an audition, and none after its end.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const setup = async (more: MeetingSettings = {}) => {
  const bench = await benchFor();
  const { connections, meetingPreferences } = bench.repositories;
  const account = `host-${randomUUID()}@contoso.example`;
  await connections.put({
    id: 'conn_left',
    organization: 'org_1',
    provider: 'microsoft',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  await meetingPreferences.set('org_1', {
    hosts: { microsoft_teams: [{ kind: 'connection', connection: 'conn_left' }] },
  });
  const input = { ...bench.about, topic: 'Nightfall', settings: { waitingRoom: true, ...more } } as const;
  const keyOf = (provider: MeetingProviderName) => bench.key(`meeting:${provider}:1`);
  const create = (provider: MeetingProviderName) =>
    bench.activities.createMeeting({
      ...input,
      key: keyOf(provider),
      provider,
      slot,
      revision: 1,
      hasFallback: true,
    });
  const moveKey = bench.key('meeting-move:r2');
  const move = (meeting: Meeting, provider: MeetingProviderName) =>
    bench.activities.moveMeeting({
      ...input,
      key: moveKey,
      provider,
      slot: laterSlot,
      revision: 2,
      meeting,
    });
  const remove = (provider: MeetingProviderName) =>
    bench.activities.removeMeeting({ ...bench.about, keys: [moveKey, keyOf(provider)], provider, slot });
  /** Returns the meetings that people could join, at all providers. */
  const left = (): readonly (string | undefined)[] => {
    const { zoom, google, microsoft } = bench.state();
    return [
      ...zoom.meetings.map(({ join_url: url }) => url),
      ...google.calendars
        .flatMap(({ events }) => events)
        .flatMap((event) =>
          event.status === 'cancelled' ? [] : ['hangoutLink' in event ? event.hangoutLink : 'an event'],
        ),
      ...microsoft.onlineMeetings.filter(({ deleted }) => !deleted).map(({ joinWebUrl }) => joinWebUrl),
      ...microsoft.calendars
        .flatMap(({ events }) => events.filter(({ deleted }) => !deleted))
        .flatMap((event) => (event.isOnlineMeeting ? [] : ['an event without a meeting'])),
    ];
  };
  /** Repeats a step as Temporal does, until it succeeds. */
  const repeat = async <Result>(step: () => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await step();
      } catch (error) {
        if (attempt === 5) throw error;
        await bench.timePasses();
      }
    }
  };
  return { ...bench, create, move, remove, left, repeat };
};

type Failure = Exclude<FaultRequest, { kind: 'none' }>;
const faults: readonly (readonly [string, Failure])[] = [
  ['is down', { kind: 'outage' }],
  ['loses its backend', { kind: 'outage', status: 504 }],
  ['closes the connection', { kind: 'outage', reset: true }],
  ['limits the rate', { kind: 'rate_limit', retryAfterSeconds: 0 }],
  ['limits the rate for an hour', { kind: 'rate_limit', retryAfterSeconds: 3_600 }],
  ['rejects the token', { kind: 'unauthorized' }],
  ['loses the answer', { kind: 'lost_answer' }],
];

const calls = {
  zoom: ['meetings.create', 'meetings.list', 'meetings.get', 'meetings.update', 'meetings.delete'],
  google_meet: [
    'events.insert',
    'events.get',
    'events.patch',
    'events.update',
    'events.delete',
    'spaces.get',
    'spaces.patch',
  ],
  microsoft_teams: [
    'onlineMeetings.createOrGet',
    'onlineMeetings.get',
    'onlineMeetings.update',
    'onlineMeetings.delete',
  ],
  /** As a part of an event of its host. */
  microsoft_teams_event: [
    'events.list',
    'events.create',
    'events.get',
    'events.update',
    'events.delete',
    'onlineMeetings.list',
    'onlineMeetings.update',
  ],
} as const;

const vendors = { zoom: 'zoom', google_meet: 'google', microsoft_teams: 'microsoft' } as const;
const next = { zoom: 'google_meet', google_meet: 'microsoft_teams', microsoft_teams: 'zoom' } as const;

const kinds = [
  ['zoom', 'zoom', {}],
  ['google_meet', 'google_meet', {}],
  ['microsoft_teams', 'microsoft_teams', {}],
  ['microsoft_teams_event', 'microsoft_teams', { calendarEvent: true }],
] as const;

describe.each(kinds)('%s', (kind, provider, settings) => {
  describe.each(faults)('that %s', (_, fault) => {
    it.each(calls[kind])('once at %s has one meeting, and none after the end', async (operation) => {
      const bench = await setup(settings);
      const failOnce = () => bench.fault(vendors[provider], { ...fault, operation, times: 1 });
      failOnce();
      const meeting = await bench.repeat(() => bench.create(provider));
      expect(bench.left()).toEqual([meeting.joinUrl]);
      failOnce();
      const moved = await bench.repeat(() => bench.move(meeting, provider));
      expect(bench.left()).toEqual([moved.joinUrl]);
      failOnce();
      await bench.repeat(() => bench.remove(provider));
      expect(bench.left()).toEqual([]);
    });

    it.each(calls[kind])('at %s leaves nothing after the next provider was used', async (operation) => {
      const bench = await setup(settings);
      bench.fault(vendors[provider], { ...fault, operation });
      await bench.create(provider).catch(() => undefined);
      // The meeting is given up, also when it was created: the check before the session fails.
      const other = await bench.create(next[provider]);
      await bench.remove(provider).catch(() => undefined);
      bench.fault(vendors[provider], { kind: 'none' });
      await bench.timePasses();
      await bench.repeat(() => bench.remove(provider));
      expect(bench.left()).toEqual([other.joinUrl]);
      // A late attempt of the first provider creates nothing.
      await expect(bench.create(provider)).rejects.toMatchObject({ type: 'Compensated' });
      await bench.repeat(() => bench.remove(next[provider]));
      expect(bench.left()).toEqual([]);
    });
  });
});
