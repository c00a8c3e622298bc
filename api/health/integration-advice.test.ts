import { expect, it } from 'vitest';
import { adviceOn, type IntegrationState, type ReportedFacts } from './integration-advice.ts';

const healthyFacts: ReportedFacts = {
  circuit: 'closed',
  heldBack: [],
  opensAgainAt: undefined,
  accountsHeldBack: 0,
  lastSuccessAt: '2026-11-25T09:59:58.000Z',
  lastFailureAt: undefined,
  lastFailure: undefined,
  quotas: [],
  closedUntil: undefined,
  connections: { connected: 3, needReauthorization: 0, nextTokenExpiry: undefined },
  webhooks: { waiting: 0, oldestWaitingSince: undefined, parked: 0 },
  attention: { open: 0 },
  subscriptions: { active: 3, expired: 0, nextExpiry: undefined },
  problems: [],
  revocations: { pending: 0, oldestSince: undefined },
  refusedSenders: 0,
  refusedSubscriptions: 0,
};

const advice = (facts: Partial<ReportedFacts> = {}, probe: IntegrationState['probe'] = { kind: 'answers' }) =>
  adviceOn({
    provider: 'google',
    probe,
    at: '2026-11-25T10:00:00.000Z',
    facts: { ...healthyFacts, ...facts },
  });

it('the advice for a healthy integration contains no action', () => {
  expect(advice()).toEqual({
    summary: 'Google responds and accepts our credentials. A call last succeeded 2 seconds ago.',
    whatToDo: 'Nothing.',
  });
});

it.each<[string, Partial<ReportedFacts>, RegExp, RegExp]>([
  [
    'a group of operations that is held back',
    { heldBack: [{ group: 'watches', circuit: 'open', opensAgainAt: '2026-11-25T10:00:20.000Z' }] },
    /holds calls for subscriptions to changes back .* until 2026-11-25 10:00:20 UTC/,
    /google\.com\/appsstatus/,
  ],
  [
    'a single failing account',
    { accountsHeldBack: 1 },
    /1 account fails although Google works for others/,
    /owner of the account/,
  ],
  [
    'a quota that the vendor reports as exhausted',
    { closedUntil: '2026-11-26T00:00:00.000Z' },
    /reports an exhausted quota until 2026-11-26 00:00:00 UTC/,
    /work waits until then/,
  ],
  [
    'a nearly exhausted quota',
    { quotas: [{ quota: 'q', limit: 600, used: 480, about: '600 requests a minute' }] },
    /Of 600 requests a minute, 480 are used/,
    /Request a higher quota from the provider/,
  ],
  [
    'accounts that need reauthorization',
    { connections: { ...healthyFacts.connections, needReauthorization: 2 } },
    /2 accounts have to be reconnected by the owner/,
    /GET \/v1\/connections/,
  ],
  [
    'webhooks that are not delivered',
    { webhooks: { waiting: 4, oldestWaitingSince: '2026-11-25T09:50:00.000Z', parked: 0 } },
    /4 webhooks wait for delivery, the oldest for 10 minutes/,
    /workers run/,
  ],
  [
    'parked webhooks',
    { webhooks: { waiting: 0, oldestWaitingSince: undefined, parked: 1 } },
    /1 webhook is parked: no audition or account matches/,
    /replay/,
  ],
  [
    'steps that wait for an operator',
    { attention: { open: 2 } },
    /2 steps have failed and wait for an operator/,
    /npm run ops -- attention list/,
  ],
  [
    'a recent failure, although a call of another operation has succeeded since',
    { lastFailureAt: '2026-11-25T09:59:50.000Z', lastFailure: 'outage (503)' },
    /succeeded 2 seconds ago\. Another one failed 10 seconds ago: outage \(503\)/,
    /failed calls are repeated.*GET \/v1\/attention/,
  ],
  [
    'expired subscriptions',
    { subscriptions: { active: 0, expired: 3, nextExpiry: undefined } },
    /3 subscriptions have expired/,
    /reconnect the accounts that need it/,
  ],
  [
    'accounts whose calendars cannot be read',
    { problems: [{ kind: 'calendar_not_found', connections: 2, since: '2026-11-25T09:00:00.000Z' }] },
    /2 accounts have a calendar that does not exist any more, the longest for 60 minutes/,
    /GET \/v1\/connections/,
  ],
  [
    'calendars that fail for long',
    { problems: [{ kind: 'calendar_unavailable', connections: 1, since: '2026-11-25T09:00:00.000Z' }] },
    /1 account has a calendar that cannot be read now/,
    /calendar-sync\.md/,
  ],
  [
    'calendars that have just failed',
    { problems: [{ kind: 'calendar_unavailable', connections: 1, since: '2026-11-25T09:59:00.000Z' }] },
    /1 account has a calendar that cannot be read now, the longest for 60 seconds/,
    /^Nothing now/,
  ],
  [
    'a sender that the provider refuses',
    { refusedSenders: 1 },
    /does not accept the messages of 1 organization from us/,
    /messages\.md/,
  ],
  [
    'calendars without notifications',
    { refusedSubscriptions: 3 },
    /3 calendars get no notifications/,
    /pushError/,
  ],
  [
    'a grant that has just been abandoned',
    { revocations: { pending: 1, oldestSince: '2026-11-25T09:59:00.000Z' } },
    /1 grant of a disconnected account is not revoked yet, the oldest for 60 seconds/,
    /^Nothing now/,
  ],
  [
    'a grant that cannot be revoked',
    { revocations: { pending: 2, oldestSince: '2026-11-23T09:59:00.000Z' } },
    /2 grants of disconnected accounts are not revoked yet, the oldest for 2 days/,
    /remove the app at Google/,
  ],
])('the advice reports %s, with the action to take', (_case, facts, summary, whatToDo) => {
  const result = advice(facts);
  expect(result.summary).toMatch(summary);
  expect(result.whatToDo).toMatch(whatToDo);
});

it.each([
  ['a recent outage', { lastFailureAt: '2026-11-25T09:59:50.000Z', lastFailure: 'outage (503)' }],
  ['a failing account', { accountsHeldBack: 1 }],
  ['an exhausted quota', { closedUntil: '2026-11-25T11:00:00.000Z' }],
] as const)(
  'the advice names what an operator can do about a parked webhook, although there is %s',
  (_, facts) => {
    const { summary, whatToDo } = advice({
      ...facts,
      webhooks: { waiting: 0, oldestWaitingSince: undefined, parked: 1 },
    });
    expect(whatToDo).toMatch(/^Inspect and replay them/);
    expect(summary).toContain('parked');
    expect(advice(facts).whatToDo).toMatch(/^Nothing now/);
  },
);

it('the advice contains no action for a half used quota or a webhook that has just arrived', () => {
  expect(
    advice({
      quotas: [{ quota: 'q', limit: 600, used: 300, about: '600 requests a minute' }],
      webhooks: { waiting: 1, oldestWaitingSince: '2026-11-25T09:59:59.000Z', parked: 0 },
    }).whatToDo,
  ).toBe('Nothing.');
});

it('the advice distinguishes a misconfiguration from an outage of the provider', () => {
  expect(advice({}, { kind: 'failed', fault: 'misconfigured' }).whatToDo).toContain('credentials');
  expect(advice({}, { kind: 'failed', fault: 'outage' }).whatToDo).toContain('google.com/appsstatus');
});

it('the advice names open items before calls that are repeated', () => {
  const failing: Partial<ReportedFacts> = {
    lastFailureAt: '2026-11-25T09:59:50.000Z',
    lastFailure: 'outage (503)',
  };
  expect(advice({ ...failing, attention: { open: 1 } })).toMatchObject({
    summary: expect.stringContaining('1 step has failed and waits for an operator.'),
    whatToDo: expect.stringContaining('Resolve the items'),
  });
});

it.each(['not_found (404)', 'conflict (409)'])(
  'the advice has no action for %s of one request',
  (lastFailure) => {
    expect(advice({ lastFailureAt: '2026-11-25T09:59:50.000Z', lastFailure }).whatToDo).toBe('Nothing.');
  },
);

it('the advice names the settings after a recent rejection of our credentials', () => {
  const rejected: Partial<ReportedFacts> = {
    lastFailureAt: '2026-11-25T09:59:50.000Z',
    lastFailure: 'misconfigured (401)',
  };
  expect(advice(rejected).whatToDo).toContain('Check the credentials');
});

it('the advice does not mention a failure of long ago that a success followed', () => {
  const failed: Partial<ReportedFacts> = {
    lastFailureAt: '2026-11-25T09:50:00.000Z',
    lastFailure: 'outage (503)',
  };
  expect(advice(failed)).toEqual({
    summary: 'Google responds and accepts our credentials. A call last succeeded 2 seconds ago.',
    whatToDo: 'Nothing.',
  });
});
