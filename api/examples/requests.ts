/** Examples of request bodies, by the name of the schema in the OpenAPI document. A test validates each. */

interface Example {
  readonly summary: string;
  readonly value: unknown;
}
export type Examples = Readonly<Record<string, Example>>;

const zone = 'Europe/Paris';
const project = { id: 'night-ferry', title: 'Night Ferry' };
const role = { id: 'captain', name: 'The Captain' };
const fixed = { start: '2026-12-10T10:00', end: '2026-12-10T10:30', zone };
const window = { earliest: '2026-12-10T09:00', latest: '2026-12-11T18:00', durationMinutes: 30, zone };
const performer = {
  id: 'ada',
  kind: 'performer',
  name: 'Ada Example',
  email: 'ada@example.com',
  zone,
  channels: ['email'],
};
const director = {
  id: 'carl',
  kind: 'casting_director',
  name: 'Carl Director',
  email: 'carl@example.com',
  zone: 'America/New_York',
  channels: ['email'],
};
const participants = [performer, director];
const blockDefinition = {
  project: 'night-ferry',
  role: 'captain',
  castingDirector: 'carl',
  zone,
  start: '2026-12-08T10:00',
  end: '2026-12-08T13:00',
  recurrence: { rule: 'FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218' },
  room: 'Studio 2',
  slotMinutes: 20,
  gapMinutes: 5,
};

const one = (summary: string, value: unknown): Examples => ({ example: { summary, value } });

export const requestExamples: Readonly<Record<string, Examples>> = {
  AuditionRequestInput: {
    byVideo: {
      summary: 'By video, at a fixed time',
      value: { project, role, slot: fixed, participants, meeting: { providers: ['zoom', 'google_meet'] } },
    },
    inPerson: {
      summary: 'In person, in a room',
      value: {
        project,
        role,
        slot: { ...fixed, room: 'Studio 2' },
        participants,
        notes: 'Please bring your sides.',
      },
    },
    inWindow: {
      summary: 'The first time in two days at which everyone is free',
      value: { project, role, slot: window, participants, meeting: { providers: ['zoom'] } },
    },
    inBlock: {
      summary: 'The next slot of a session block',
      value: { project, role, slot: { block: 'blk_tuesdays' }, participants },
    },
    withPreferences: {
      summary: 'With the language, the quiet hours and the reminders of a participant, and deadlines',
      value: {
        project,
        role,
        slot: fixed,
        participants: [
          {
            ...performer,
            locale: 'fr',
            phone: '06 12 34 56 78',
            phoneRegion: 'FR',
            channels: ['email', 'sms'],
            quietHours: { from: '21:00', until: '09:00' },
          },
          director,
        ],
        meeting: { providers: ['zoom'] },
        reminders: ['P2D', 'PT2H'],
        policy: { answerWithin: 'P1D', decisionWithin: 'P3D', calendarMoves: 'reschedule' },
        conflicts: { policy: 'propose', buffer: 'PT15M' },
      },
    },
  },
  ResponseInput: one('The performer accepts', { participant: 'ada', answer: 'accepted', revision: 1 }),
  CheckInInput: one('The performer is there', { participant: 'ada' }),
  MoveInput: {
    fixed: { summary: 'To a fixed time', value: { slot: fixed, reason: 'The director is on set' } },
    window: { summary: 'To any free time', value: { slot: window, conflicts: { policy: 'propose' } } },
  },
  CancellationInput: one('With a reason', { reason: 'The role was cast' }),
  DecisionInput: {
    booked: { summary: 'The performer gets the role', value: { decision: 'booked' } },
    callback: {
      summary: 'The performer is seen again',
      value: { decision: 'callback', next: { slot: fixed, round: 'callback' } },
    },
  },
  ReopeningInput: {
    session: {
      summary: 'The audition is scheduled again',
      value: { to: 'session', slot: fixed, reason: 'Declined by mistake' },
    },
    decision: { summary: 'The decision is open again', value: { to: 'decision' } },
  },
  MeetingChangeInput: one('To Google Meet', { provider: 'google_meet' }),
  ParticipantInput: one('A reader by video', {
    id: 'rita',
    kind: 'reader',
    name: 'Rita Reader',
    email: 'rita@example.com',
    zone: 'Europe/London',
    channels: ['email'],
  }),
  RecordingLinkRequestInput: one('For one person, for an hour', {
    principal: 'carl',
    expiresInMinutes: 60,
  }),
  LegalHoldInput: one('A hold', { reason: 'Dispute 2026-17' }),
  RecordingPolicyInput: one('Keep recordings for 90 days', {
    retainForDays: 90,
    findWithinHours: 48,
    providerCopy: { action: 'trash', afterDays: 7 },
  }),
  RecordingConsentInput: one('The performer agrees', { participant: 'ada', consent: 'given' }),
  AdmissionInput: one('The performer is admitted', { participant: 'ada' }),
  AttentionResolutionInput: {
    retry: { summary: 'Try again', value: { action: 'retry' } },
    override: {
      summary: 'Use a meeting that was made by hand',
      value: { action: 'override', value: { joinUrl: 'https://meet.example.com/night-ferry' } },
    },
  },
  AttentionQueryInput: one('Retry all meetings that Zoom has refused', {
    step: 'meeting',
    provider: 'zoom',
    action: 'retry',
    note: 'The outage is over',
  }),
  AvailabilityRequestInput: one('Free half hours of two days', {
    slot: window,
    participants: [
      {
        id: 'ada',
        zone,
        calendar: { provider: 'google', connection: 'conn_performer', calendarId: 'primary' },
      },
    ],
    limit: 5,
  }),
  NewWebhookEndpointInput: one('Two types of events', {
    url: 'https://platform.example.com/hooks',
    eventTypes: ['audition.confirmed', 'audition.cancelled'],
  }),
  WebhookEndpointChangesInput: one('Enable the endpoint again', { status: 'enabled' }),
  SecretRotationInput: one('With a generated secret', { force: false }),
  ReplayRangeInput: one('The events of one morning', {
    from: '2026-12-01T08:00:00.000Z',
    until: '2026-12-01T12:00:00.000Z',
  }),
  CalendarChoiceInput: one('The main calendar, and one that counts as busy', {
    written: 'primary',
    busy: ['family@group.calendar.google.com'],
  }),
  SessionBlockDefinitionInput: one('Tuesdays and Thursdays', blockDefinition),
  SessionBlockSplitInput: one('Other hours from a session on', {
    from: '2026-12-15T10:00',
    following: { ...blockDefinition, start: '2026-12-15T14:00', end: '2026-12-15T17:00' },
  }),
  SessionChangeInput: {
    moved: {
      summary: 'At another time, in another room',
      value: { start: '2026-12-10T14:00', end: '2026-12-10T17:00', room: 'Studio 1' },
    },
    cancelled: { summary: 'Not at all', value: { status: 'cancelled' } },
  },
  ErasureRequestInput: one('Only list what would be erased', { dryRun: true }),
  PayloadsInput: one('One payload', {
    payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'e30=' }],
  }),
  OwnMessageLimitsInput: one('Fewer text messages, and only to two countries', {
    sms: 500,
    smsCountries: ['FR', 'GB'],
  }),
};
