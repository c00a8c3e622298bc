/** Tests the webhooks of the sandbox, Google's channels and Zoom's events, with and without faults. */
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { eventually } from '../../../tests/harness/eventually.ts';
import { eventBody, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';
import { type ReceivedCall, startStatusReceiver } from '../../../tests/harness/status-receiver.ts';

const states = (received: readonly ReceivedCall[]) =>
  received.map(({ headers }) => headers['x-goog-resource-state']);

it('a Google channel sends one notification per change until it is stopped', async () => {
  const { calendar } = await startGoogleSandbox();
  const { url: address, received } = await startStatusReceiver();
  const { data: channel } = await calendar.events.watch({
    calendarId: 'primary',
    requestBody: { id: 'channel-1', type: 'web_hook', address, token: 'token-1' },
  });
  await eventually(() => received.length === 1, 5_000);
  expect(received[0]?.headers).toMatchObject({
    'x-goog-channel-id': 'channel-1',
    'x-goog-channel-token': 'token-1',
    'x-goog-resource-id': channel.resourceId,
    'x-goog-resource-state': 'sync',
    'x-goog-message-number': '1',
  });
  expect(Number(channel.expiration)).toBeGreaterThan(Date.now());

  await calendar.events.insert({ calendarId: 'primary', requestBody: eventBody('event1') });
  await calendar.events.delete({ calendarId: 'primary', eventId: 'event1' });
  await eventually(() => received.length === 3, 5_000);
  expect(states(received)).toEqual(['sync', 'exists', 'exists']);
  expect(received[2]?.headers['x-goog-message-number']).toBe('3');

  const again = calendar.events.watch({
    calendarId: 'primary',
    requestBody: { id: 'channel-1', type: 'web_hook', address },
  });
  await expect(again).rejects.toThrow('Channel id not unique');

  await calendar.channels.stop({ requestBody: { id: 'channel-1', resourceId: channel.resourceId ?? '' } });
  await calendar.events.insert({ calendarId: 'primary', requestBody: eventBody('event2') });
  const stopped = calendar.channels.stop({ requestBody: { id: 'channel-1', resourceId: 'x' } });
  await expect(stopped).rejects.toThrow('not found');
  expect(received).toHaveLength(3);
});

it('a Google channel loses a notification under an outage and repeats a failed one', async () => {
  const { calendar, sandbox } = await startGoogleSandbox({ google: { channelRetryMs: [1] } });
  const { url: address, received } = await startStatusReceiver(204, 503);
  await calendar.events.watch({
    calendarId: 'primary',
    requestBody: { id: 'channel-1', type: 'web_hook', address },
  });
  await eventually(() => received.length === 1, 5_000);
  sandbox.control.setFault('google', { kind: 'outage', operation: 'channel.notify', times: 1 });
  await calendar.events.insert({ calendarId: 'primary', requestBody: eventBody('event1') });
  await calendar.events.insert({ calendarId: 'primary', requestBody: eventBody('event2') });
  await eventually(() => received.length === 3, 5_000);
  // The outage dropped message 2. Message 3 was sent twice.
  expect(received.map(({ headers }) => headers['x-goog-message-number'])).toEqual(['1', '3', '3']);
  expect(sandbox.control.state().calls.google['channel.notify']).toMatchObject({ lost: 1 });
});

const createMeeting = async (url: string) => {
  const token = await fetch(`${url}/oauth/token?grant_type=account_credentials&account_id=sandbox-account`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
  });
  const created = await fetch(`${url}/v2/users/me/meetings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Object(await token.json()).access_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ topic: 'Chemistry read' }),
  });
  return String(Object(await created.json()).id);
};

it('Zoom meeting events carry Zoom’s signature', async () => {
  const { sandbox } = await startGoogleSandbox();
  const { url, received } = await startStatusReceiver();
  const id = await createMeeting(sandbox.url);
  const answer = await fetch(`${sandbox.url}/sandbox/zoom/meetings/${id}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ event: 'meeting.started', url }),
  });
  expect([answer.status, await answer.json()]).toEqual([201, { webhook: '204' }]);
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  const message = `v0:${String(headers['x-zm-request-timestamp'])}:${body}`;
  const digest = createHmac('sha256', 'sandbox-zoom-webhook-secret').update(message).digest('hex');
  expect(headers['x-zm-signature']).toBe(`v0=${digest}`);
  expect(JSON.parse(body)).toMatchObject({ event: 'meeting.started', payload: { object: { id } } });

  sandbox.control.setFault('zoom', { kind: 'outage', operation: 'event.webhook', times: 1 });
  expect(await sandbox.control.sendMeetingEvent(id, { event: 'meeting.ended', url })).toEqual({
    webhook: 'lost',
  });
  await expect(sandbox.control.sendMeetingEvent('1', { event: 'meeting.ended' })).rejects.toThrow('1');
});

it('a fault without an operation repeats every event that Zoom sends, and no request', async () => {
  const { sandbox } = await startGoogleSandbox();
  const { url, received } = await startStatusReceiver();
  sandbox.control.setFault('zoom', { kind: 'duplicate', copies: 3 });
  const id = await createMeeting(sandbox.url);
  expect(await sandbox.control.sendMeetingEvent(id, { event: 'meeting.started', url })).toEqual({
    webhook: '204',
  });
  expect(received).toHaveLength(3);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  expect(sandbox.control.state().zoom.meetings).toHaveLength(1);
});

it('a Zoom meeting that is deleted through the control API is gone and sends its event', async () => {
  const { sandbox } = await startGoogleSandbox();
  const { url, received } = await startStatusReceiver();
  const id = await createMeeting(sandbox.url);
  const deletion = { event: 'meeting.deleted', url } as const;
  expect(await sandbox.control.sendMeetingEvent(id, deletion)).toEqual({ webhook: '204' });
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    event: 'meeting.deleted',
    payload: { operator: 'owner@sandbox.example', object: { id } },
  });
  const { meetings, deletedMeetings } = sandbox.control.state().zoom;
  expect([meetings, deletedMeetings.map((meeting) => String(meeting.id))]).toEqual([[], [id]]);
  await expect(sandbox.control.sendMeetingEvent(id, deletion)).rejects.toThrow(id);
});
