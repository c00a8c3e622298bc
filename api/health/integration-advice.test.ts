import { expect, it } from 'vitest';
import { adviceOn, type IntegrationState, type ReportedFacts } from './integration-advice.ts';

const unloggedRoutes: ReportedFacts = {
  circuit: 'closed',
  opensAgainAt: undefined,
  accountsHeldBack: 0,
  lastSuccessAt: '2026-11-25T09:59:58.000Z',
  lastFailureAt: undefined,
  lastFailure: undefined,
  quotas: [],
  closedUntil: undefined,
  connections: { connected: 3, needReauthorization: 0, nextTokenExpiry: undefined },
  webhooks: { waiting: 0, oldestWaitingSince: undefined, parked: 0 },
  subscriptions: { active: 3, expired: 0, nextExpiry: undefined },
};

const advice = (facts: Partial<ReportedFacts> = {}, probe: IntegrationState['probe'] = { kind: 'answers' }) =>
  adviceOn({
    provider: 'google',
    probe,
    at: '2026-11-25T10:00:00.000Z',
    facts: { ...unloggedRoutes, ...facts },
  });

it('has nothing to say of an integration that does well but that it does', () => {
  expect(advice()).toEqual({
    summary: 'Google answers and knows us. A call last succeeded 2 seconds ago.',
    whatToDo: 'Nothing.',
  });
});

it.each<[string, Partial<ReportedFacts>, RegExp, RegExp]>([
  [
    'an account that fails alone',
    { accountsHeldBack: 1 },
    /1 account fails although Google works for others/,
    /owner of the account/,
  ],
  [
    'what the vendor has closed',
    { closedUntil: '2026-11-26T00:00:00.000Z' },
    /quota is spent, until 2026-11-26 00:00:00 UTC/,
    /work waits until then/,
  ],
  [
    'a quota that is nearly spent',
    { quotas: [{ quota: 'q', limit: 600, used: 480, about: '600 requests a minute' }] },
    /Of 600 requests a minute, 480 are used/,
    /Ask the provider for more/,
  ],
  [
    'accounts to be connected again',
    { connections: { ...unloggedRoutes.connections, needReauthorization: 2 } },
    /2 accounts have to be connected again/,
    /GET \/v1\/connections/,
  ],
  [
    'webhooks that nobody passes on',
    { webhooks: { waiting: 4, oldestWaitingSince: '2026-11-25T09:50:00.000Z', parked: 0 } },
    /4 webhooks wait to be passed on, the oldest since 10 minutes/,
    /workers run/,
  ],
  [
    'webhooks that belong to nothing',
    { webhooks: { waiting: 0, oldestWaitingSince: undefined, parked: 1 } },
    /1 webhook belongs to nothing we know, and is parked/,
    /replay/,
  ],
  [
    'subscriptions that ran out',
    { subscriptions: { active: 0, expired: 3, nextExpiry: undefined } },
    /3 subscriptions have run out/,
    /connect the accounts again/,
  ],
])('tells of %s, and what to do', (_what, facts, summary, whatToDo) => {
  const told = advice(facts);
  expect(told.summary).toMatch(summary);
  expect(told.whatToDo).toMatch(whatToDo);
});

it('says nothing is to be done about a quota that is half used, or a webhook that has just come', () => {
  expect(
    advice({
      quotas: [{ quota: 'q', limit: 600, used: 300, about: '600 requests a minute' }],
      webhooks: { waiting: 1, oldestWaitingSince: '2026-11-25T09:59:59.000Z', parked: 0 },
    }).whatToDo,
  ).toBe('Nothing.');
});

it('tells our own mistake from an outage of the provider', () => {
  expect(advice({}, { kind: 'failed', fault: 'misconfigured' }).whatToDo).toContain('credentials');
  expect(advice({}, { kind: 'failed', fault: 'outage' }).whatToDo).toContain('google.com/appsstatus');
});
