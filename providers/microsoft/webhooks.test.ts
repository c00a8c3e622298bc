import { describe, expect, test } from 'vitest';
import { readNotifications, validationAnswer } from './webhooks.ts';

/** Example of https://learn.microsoft.com/graph/change-notifications-delivery-webhooks */
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
  test('reads notifications of several subscriptions', () => {
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

  test('reads the others when one notification cannot be read', () => {
    const odd = [null, { subscriptionId: 7 }, { ...change, lifecycleEvent: 7 }, { clientState: 'secret' }];
    expect(read(...odd, change)).toMatchObject([{ kind: 'calendar.changed', identity: change.id }]);
  });

  test.each([
    ['null', { id: null, '@odata.etag': null, '@odata.type': null }],
    ['of another form', { id: 7, '@odata.etag': {} }],
    ['no object', 'event'],
  ])('reads a notification of an event with fields that are %s', (_what, resourceData) => {
    const odd = { ...withoutId, resource: null, changeType: null, lifecycleEvent: null, resourceData };
    expect(read(odd)).toMatchObject([{ kind: 'calendar.changed', identity: undefined }]);
  });

  test('identifies a repetition by the etag, and treats a notification without one as new', () => {
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
    ['a subscription id with forbidden characters', { value: [{ subscriptionId: 's\0', clientState: 'c' }] }],
    ['another document', 'value'],
  ])('rejects %s', (_what, body) => {
    expect(readNotifications(body)).toBeUndefined();
  });
});

test('the validation answer echoes the token and escapes HTML', () => {
  const token = 'Validation: Testing client application reachability for subscription Request-Id: 0-1+2/3=';
  expect(validationAnswer(token)).toBe(token);
  expect(validationAnswer(`<script>alert("1'&")</script>`)).toBe(
    '&lt;script&gt;alert(&quot;1&#39;&amp;&quot;)&lt;/script&gt;',
  );
});
