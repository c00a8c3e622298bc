/** Makes meeting providers fail, and looks at what is left at all of them. For tests of activities. */
import { randomUUID } from 'node:crypto';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import type { useActivityHarness } from './activity-harness.ts';

type Bench = Awaited<ReturnType<ReturnType<typeof useActivityHarness>>>;

/** Gives the organization a host of Teams meetings. */
export const hostTeamsMeetings = async ({
  repositories: { connections, meetingPreferences },
}: Pick<Bench, 'repositories'>): Promise<void> => {
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
};

/** Returns the meetings that people could join, at all providers. */
export const meetingsLeft = ({ state }: Pick<Bench, 'state'>): readonly (string | undefined)[] => {
  const { zoom, google, microsoft } = state();
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
export const repeatUntilDone = async <Result>(
  { timePasses }: Pick<Bench, 'timePasses'>,
  step: () => Promise<Result>,
): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (attempt === 5) throw error;
      await timePasses();
    }
  }
};

export type Failure = Exclude<FaultRequest, { kind: 'none' }>;

/** The ways in which a provider fails. */
export const meetingFaults: readonly (readonly [string, Failure])[] = [
  ['is down', { kind: 'outage' }],
  ['loses its backend', { kind: 'outage', status: 504 }],
  ['closes the connection', { kind: 'outage', reset: true }],
  ['limits the rate', { kind: 'rate_limit', retryAfterSeconds: 0 }],
  ['limits the rate for an hour', { kind: 'rate_limit', retryAfterSeconds: 3_600 }],
  ['rejects the token', { kind: 'unauthorized' }],
  ['loses the answer', { kind: 'lost_answer' }],
  ['garbles the answer', { kind: 'garbled_answer' }],
  ['is behind a gateway that forbids', { kind: 'refusal', status: 403 }],
  ['is behind a gateway that finds nothing', { kind: 'refusal', status: 404 }],
  ['is behind a gateway that sees a conflict', { kind: 'refusal', status: 409 }],
  ['limits the rate without saying for how long', { kind: 'rate_limit', retryAfterSeconds: null }],
];

/** The calls of the meeting steps. `microsoft_teams_event`: as a part of an event of its host. */
export const meetingCalls = {
  zoom: [
    'users.get',
    'meetings.create',
    'meetings.list',
    'meetings.get',
    'meetings.update',
    'meetings.delete',
  ],
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
  microsoft_teams_event: [
    'calendars.get',
    'events.list',
    'events.create',
    'events.get',
    'events.update',
    'events.delete',
    'onlineMeetings.list',
    'onlineMeetings.update',
  ],
} as const;

/** The kinds of meetings: what it is called, its provider, and its settings. */
export const meetingKinds = [
  ['zoom', 'zoom', {}],
  ['google_meet', 'google_meet', {}],
  ['microsoft_teams', 'microsoft_teams', {}],
  ['microsoft_teams_event', 'microsoft_teams', { calendarEvent: true }],
] as const;

export const vendorOf = { zoom: 'zoom', google_meet: 'google', microsoft_teams: 'microsoft' } as const;
export const nextProvider = {
  zoom: 'google_meet',
  google_meet: 'microsoft_teams',
  microsoft_teams: 'zoom',
} as const;
