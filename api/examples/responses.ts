/** Examples of responses, by the name of the schema in the OpenAPI document. A test validates each. */

const at = '2026-12-01T09:00:00.000Z';
const audition = 'aud_Vq3hX0w2mR8sT1yK';
const slot = {
  start: '2026-12-10T09:00:00.000Z',
  end: '2026-12-10T09:30:00.000Z',
  zone: 'Europe/Paris',
};
const member = { zone: 'Europe/Paris', required: true, answer: 'none', checkedIn: false };

const Audition = {
  id: audition,
  organization: 'org_north',
  project: 'night-ferry',
  role: 'captain',
  round: 'first',
  state: 'scheduled',
  stateSince: at,
  participants: [
    { ...member, id: 'ada', kind: 'performer', answer: 'accepted', answeredAt: at },
    { ...member, id: 'carl', kind: 'casting_director', zone: 'America/New_York' },
  ],
  slot,
  revision: 1,
  announcedAs: [],
  meeting: {
    provider: 'zoom',
    id: '86042719355',
    joinUrl: 'https://auditions.example.com/j/8Yc2mQp0sT4vW6xZ1aBcDe',
  },
  calendarEvents: [],
  notices: [
    {
      deliveryId: 'dlv_7',
      participant: 'ada',
      channel: 'email',
      notice: 'invitation',
      revision: 1,
      at,
      status: 'delivered',
    },
  ],
  attention: [],
  requestedAt: at,
  updatedAt: at,
  sequence: 9,
};

const item = {
  id: `att_Vq3hX0w2mR8sT1yK-1`,
  step: 'meeting',
  what: 'Zoom refused to create the meeting: the daily limit of the host is reached.',
  hint: 'Retry tomorrow, or override with the link of a meeting that you create yourself.',
  actions: ['retry', 'skip', 'override', 'abort'],
  code: 'rate_limited',
  provider: 'zoom',
  raisedAt: at,
  dueAt: '2026-12-01T13:00:00.000Z',
  overdue: false,
};
const AttentionItem = { ...item, auditionId: audition, project: 'night-ferry', role: 'captain' };

const AuditionEvent = {
  sequence: 4,
  at,
  correlationId: '5b0f6f0e-7a8c-4c0f-9d53-0a0f6f0e7a8c',
  fact: { type: 'responded', participant: 'ada', answer: 'accepted', origin: 'link' },
  previousHash: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  hash: 'd4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35',
};

const SessionBlock = {
  id: 'blk_tuesdays',
  series: 'blk_tuesdays',
  version: 1,
  status: 'active',
  project: 'night-ferry',
  zone: 'Europe/Paris',
  start: '2026-12-08T10:00',
  end: '2026-12-08T13:00',
  recurrence: { rule: 'FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218' },
  slotMinutes: 20,
  gapMinutes: 5,
  exceptions: [],
  createdAt: at,
  changedAt: at,
};

const Connection = {
  id: 'conn_director',
  provider: 'google',
  owner: 'carl',
  account: 'carl@example.com',
  status: 'connected',
  scopes: ['https://www.googleapis.com/auth/calendar.events'],
  connectedAt: at,
  calendars: [{ state: 'in_sync', syncedAt: at }],
  problems: [],
};

const WebhookEndpoint = {
  id: 'endp_platform',
  url: 'https://platform.example.com/hooks',
  eventTypes: ['audition.confirmed', 'audition.cancelled'],
  status: 'enabled',
  lastSuccessAt: at,
  lastAnswer: '204',
  createdAt: at,
};

const Recording = {
  id: 'rec_86042719355',
  auditionId: audition,
  provider: 'zoom',
  state: 'stored',
  startedAt: slot.start,
  duration: 1_740_000,
  storedAt: '2026-12-10T10:05:00.000Z',
  retainUntil: '2027-03-10T10:05:00.000Z',
  legalHolds: [],
  files: [{ id: 'file_1', kind: 'video', format: 'mp4', state: 'stored', size: 181_403_648, storedAt: at }],
};

const Integration = {
  provider: 'zoom',
  status: 'up',
  checkedAt: at,
  summary: 'Zoom works. The last call succeeded 12 seconds ago.',
  whatToDo: 'Nothing.',
};

const ServiceHealth = {
  summary: '2 attention items are open, the oldest for 3 minutes.',
  whatToDo:
    'Resolve them: npm run ops -- attention list, or GET /v1/attention. See docs/runbooks/attention.md.',
};

const AdministrativeAct = {
  id: '42',
  by: 'ada@platform',
  principal: 'sub:ada@platform',
  role: 'admin',
  act: 'connection.disconnected',
  target: 'conn_director',
  detail: {},
  correlationId: AuditionEvent.correlationId,
  at,
};

const JoinLink = {
  id: '8Yc2mQp0sT4vW6xZ1aBcDe',
  url: 'https://auditions.example.com/j/8Yc2mQp0sT4vW6xZ1aBcDe',
  participant: 'ada',
  createdAt: at,
  uses: [{ at: slot.start, revision: 1, device: 'phone', network: 'A' }],
};

const Calendar = {
  calendarId: 'primary',
  name: 'Carl Director',
  isMain: true,
  isWritable: true,
  isWritten: true,
  isBusy: true,
  isMissing: false,
};

const WaitingEntry = { audition, participant: 'ada', place: 1, checkedInAt: slot.start };
const Session = { at: '2026-12-08T10:00', start: slot.start, end: slot.end, isChanged: false };
const Room = {
  email: 'studio-2@resource.calendar.google.com',
  name: 'Studio 2',
  building: 'North',
  capacity: 8,
};
const expiresAt = '2026-12-01T10:00:00.000Z';
const nextCursor = 'eyJhdCI6IjIwMjYtMTItMDFUMDk6MDA6MDAuMDAwWiIsImlkIjoiYXVkXzEifQ';

const page = (item: unknown) => ({ items: [item], nextCursor });

export const responseExamples: Readonly<Record<string, unknown>> = {
  Audition,
  AuditionPage: page(Audition),
  AuditionEvent,
  AuditionEventPage: { items: [AuditionEvent], nextCursor: '4' },
  AttentionItem,
  AttentionItemPage: page(AttentionItem),
  AttentionQueryResult: { resolved: [item.id], refused: [], hasMore: false },
  AdministrativeAct,
  AdministrativeActPage: page(AdministrativeAct),
  SessionBlock,
  SessionBlockPage: page(SessionBlock),
  ChangedSessionBlock: { block: SessionBlock, outside: [{ audition, slot, reason: 'no_session' }] },
  SplitSessionBlock: {
    block: SessionBlock,
    following: { ...SessionBlock, id: 'blk_afternoons', start: '2026-12-15T14:00', end: '2026-12-15T17:00' },
    outside: [],
    dropped: [],
  },
  Sessions: { items: [Session] },
  MessageBudgets: {
    day: '2026-12-08',
    resetsAt: '2026-12-09T00:00:00.000Z',
    sms: { unit: 'segments', budget: 500, used: 410, left: 90, reserve: 100, isNearlySpent: true },
    email: { unit: 'emails', budget: 5_000, used: 120, left: 4_880, reserve: 1_000, isNearlySpent: false },
    smsCountries: ['FR', 'GB'],
    own: { sms: 500 },
  },
  FreeSlots: { slots: [{ start: slot.start, end: slot.end, withinWorkingHours: true, quietConflicts: 0 }] },
  WaitingEntry,
  WaitingList: { items: [WaitingEntry] },
  JoinLinks: { items: [JoinLink] },
  Connection,
  Connections: { items: [Connection] },
  ConnectionPageLink: { url: 'https://auditions.example.com/connections/8Yc2mQp0', expiresAt },
  Disconnected: { id: Connection.id, status: 'disconnected', revocation: 'revoked' },
  Calendars: { items: [Calendar] },
  Rooms: { items: [Room] },
  Feed: { url: 'https://auditions.example.com/v1/feeds/8Yc2mQp0.ics' },
  Erasure: {
    participant: 'ada',
    isErased: true,
    auditions: [audition],
    connections: [],
    recordings: [],
    obstacles: [],
  },
  Recordings: { items: [Recording] },
  Recording,
  RecordingLink: { url: 'https://auditions.example.com/recordings/8Yc2mQp0', expiresAt },
  RecordingPolicy: {
    retainForDays: 90,
    findWithinHours: 48,
    providerCopy: { action: 'trash', afterDays: 7 },
  },
  WebhookEndpoint,
  WebhookEndpoints: { items: [WebhookEndpoint] },
  WebhookEndpointWithSecret: { ...WebhookEndpoint, secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' },
  Replay: { replay: 'event-replay/endp_platform/1' },
  TestResult: { delivered: true, answer: '204' },
  Integration,
  Integrations: { integrations: [Integration], service: ServiceHealth },
  ServiceHealth,
  Liveness: { status: 'ok' },
  Readiness: { status: 'ready', database: 'up', temporal: 'up' },
  Payloads: { payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'e30=' }] },
  ZoomChallengeAnswer: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken: AuditionEvent.hash },
};
