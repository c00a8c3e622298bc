/** Makes meeting providers fail, and looks at what is left at all of them. For tests of activities. */
import { randomUUID } from 'node:crypto';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import type { useActivityHarness } from './activity-harness.ts';
import { atDepth } from './depth.ts';

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

const fault = {
  down: ['is down', { kind: 'outage' }],
  withoutBackend: ['loses its backend', { kind: 'outage', status: 504 }],
  closed: ['closes the connection', { kind: 'outage', reset: true }],
  limited: ['limits the rate', { kind: 'rate_limit', retryAfterSeconds: 0 }],
  limitedForLong: ['limits the rate for an hour', { kind: 'rate_limit', retryAfterSeconds: 3_600 }],
  limitedWithoutTime: [
    'limits the rate without saying for how long',
    { kind: 'rate_limit', retryAfterSeconds: null },
  ],
  unauthorized: ['rejects the token', { kind: 'unauthorized' }],
  lost: ['loses the answer', { kind: 'lost_answer' }],
  garbled: ['garbles the answer', { kind: 'garbled_answer' }],
  forbidden: ['is behind a gateway that forbids', { kind: 'refusal', status: 403 }],
  notFound: ['is behind a gateway that finds nothing', { kind: 'refusal', status: 404 }],
  conflict: ['is behind a gateway that sees a conflict', { kind: 'refusal', status: 409 }],
} as const satisfies Readonly<Record<string, readonly [string, Failure]>>;

/** The ways in which a provider fails. */
export const meetingFaults: readonly (readonly [string, Failure])[] = Object.values(fault);

/** Calls that change nothing: a lost answer is the same as an outage. */
const isReading = (call: string): boolean => /\.(get|list|content|export|download|instances)$/.test(call);

type Alternatives = readonly (readonly [string, Failure])[];

/** Faults that the code takes for the same one, at a call that fails once. */
const onceFaults = (call: string): readonly Alternatives[] => [
  [fault.down, fault.withoutBackend, fault.closed, ...(isReading(call) ? [fault.lost] : [])],
  [fault.limited, fault.limitedWithoutTime],
  [fault.limitedForLong],
  [fault.unauthorized],
  ...(isReading(call) ? [] : [[fault.lost]]),
  [fault.garbled],
  [fault.forbidden],
  [fault.notFound],
  [fault.conflict],
];

/** Likewise, at a call that keeps failing: every refusal ends the attempts, and a gateway's 404 counts as an outage. */
const lastingFaults = (call: string): readonly Alternatives[] => [
  [fault.down, fault.withoutBackend, fault.closed, fault.notFound, ...(isReading(call) ? [fault.lost] : [])],
  [fault.limited, fault.limitedWithoutTime],
  [fault.limitedForLong],
  [fault.unauthorized],
  ...(isReading(call) ? [] : [[fault.lost]]),
  [fault.garbled],
  [fault.forbidden, fault.conflict],
];

/**
 * Returns the faults to try at each call: the name of the fault, the call, and the fault. An ordinary run takes the alternatives in turn,
 * so that each is tried at some call of every provider. A deep run tries every fault at every call.
 */
export const faultCells = (
  calls: readonly string[],
  duration: 'once' | 'lasting',
): readonly (readonly [string, string, Failure])[] => {
  const faultsOf = duration === 'once' ? onceFaults : lastingFaults;
  return calls.flatMap((call, position) =>
    faultsOf(call).flatMap((alternatives) => {
      const turn = alternatives[position % alternatives.length];
      const taken = atDepth(turn ? [turn] : [], alternatives);
      return taken.map(([name, failure]) => [name, call, failure] as const);
    }),
  );
};

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
