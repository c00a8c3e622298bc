import { describe, expect, test } from 'vitest';
import { readNotifications, validationAnswer } from './webhooks.ts';

/** As in https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. */
const change = {
  id: 'lsgTZMr9KwAAA',
  subscriptionId: 'subscription-1',
  subscriptionExpirationDateTime: '2026-12-01T11:00:00Z',
  clientState: 'secret',
  changeType: 'updated',
  resource: 'Users/u/Events/e',
  tenantId: 't',
  resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.etag': 'W/"1"', id: 'e' },
};
const { id: _id, ...withoutId } = change;
const read = (...value: unknown[]) => readNotifications({ value });

describe('readNotifications', () => {
  test('reads several of several subscriptions', () => {
    const lifecycle = { subscriptionId: 'subscription-2', clientState: 'other', lifecycleEvent: 'missed' };
    expect(read(change, lifecycle)).toEqual([
      {
        subscription: 'subscription-1',
        clientState: 'secret',
        kind: 'calendar.changed',
        identity: 'lsgTZMr9KwAAA',
      },
      {
        subscription: 'subscription-2',
        clientState: 'other',
        kind: 'subscription.missed',
        identity: undefined,
      },
    ]);
  });

  test.each([
    ['reauthorizationRequired', 'subscription.reauthorization_required'],
    ['subscriptionRemoved', 'subscription.removed'],
    ['somethingNew', undefined],
    ['toString', undefined],
  ])('reads the lifecycle event %s', (lifecycleEvent, kind) => {
    expect(read({ subscriptionId: 's', clientState: 'c', lifecycleEvent })).toMatchObject([{ kind }]);
  });

  test('knows a repetition by the state of the event, and takes what says nothing for another', () => {
    const other = { ...withoutId, resourceData: { ...change.resourceData, '@odata.etag': 'W/"2"' } };
    const [first, again, second] = read(withoutId, withoutId, other) ?? [];
    expect(first?.identity).toBe(again?.identity);
    expect(first?.identity).not.toBe(second?.identity);
    expect(read({ ...withoutId, resourceData: null })).toMatchObject([{ identity: undefined }]);
  });

  test.each([
    ['no list', {}],
    ['an empty list', { value: [] }],
    ['no subscription', { value: [{ clientState: 'secret' }] }],
    ['a subscription that could not be looked up', { value: [{ subscriptionId: 's\0', clientState: 'c' }] }],
    ['something else', 'value'],
  ])('does not read %s', (_what, body) => {
    expect(readNotifications(body)).toBeUndefined();
  });
});

test('echoes a token as it is, but for what a browser would run', () => {
  const token = 'Validation: Testing client application reachability for subscription Request-Id: 0-1+2/3=';
  expect(validationAnswer(token)).toBe(token);
  expect(validationAnswer(`<script>alert("1'&")</script>`)).toBe(
    '&lt;script&gt;alert(&quot;1&#39;&amp;&quot;)&lt;/script&gt;',
  );
});
