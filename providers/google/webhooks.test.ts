import { expect, test } from 'vitest';
import { readChannelMessage } from './webhooks.ts';

/** Example of https://developers.google.com/workspace/calendar/api/guides/push */
const headers = {
  'x-goog-channel-id': '4ba78bf0-6a47-11e2-bcfd-0800200c9a66',
  'x-goog-channel-token': '398348u3tu83ut8uu38',
  'x-goog-channel-expiration': 'Tue, 19 Nov 2013 01:13:52 GMT',
  'x-goog-resource-id': 'ret08u3rv24htgh289g',
  'x-goog-resource-uri': 'https://www.googleapis.com/calendar/v3/calendars/my_calendar@gmail.com/events',
  'x-goog-resource-state': 'exists',
  'x-goog-message-number': '10',
};

test('a channel message is read as a change or as the opening of the channel', () => {
  const read = {
    channel: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66',
    token: '398348u3tu83ut8uu38',
    resourceId: 'ret08u3rv24htgh289g',
    expiresAt: Date.UTC(2013, 10, 19, 1, 13, 52),
    isOpening: false,
    messageNumber: '10',
  };
  expect(readChannelMessage(headers)).toEqual(read);
  expect(readChannelMessage({ ...headers, 'x-goog-resource-state': 'sync' })).toEqual({
    ...read,
    isOpening: true,
  });
});

test.each([
  ['without a number', { 'x-goog-message-number': undefined }],
  ['with a number in another form', { 'x-goog-message-number': '1e3' }],
  ['with a repeated number', { 'x-goog-message-number': ['1', '2'] }],
  ['with a state that is new', { 'x-goog-resource-state': 'toString', 'x-goog-message-number': undefined }],
])('a channel message %s is read as a change that nothing identifies', (_what, change) => {
  expect(readChannelMessage({ ...headers, ...change })).toMatchObject({
    isOpening: false,
    messageNumber: undefined,
  });
});

test.each([
  ['no token', { 'x-goog-channel-token': undefined }],
  ['an empty token', { 'x-goog-channel-token': '' }],
  ['a repeated token', { 'x-goog-channel-token': ['a', 'b'] }],
  ['no channel', { 'x-goog-channel-id': undefined }],
  ['no resource', { 'x-goog-resource-id': undefined }],
  ['no state', { 'x-goog-resource-state': undefined }],
])('a channel message is rejected with %s', (_what, change) => {
  expect(readChannelMessage({ ...headers, ...change })).toBeUndefined();
});
