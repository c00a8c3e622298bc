import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answerChallenge, readZoomEvent, verifyZoom } from './webhooks.ts';

/**
 * Zoom's example request (https://developers.zoom.us/docs/api/webhooks/#webhook-structure). The secret of its signature
 * is not published, so the request is signed here, by Zoom's documented steps.
 */
const timestamp = '1739923528';
const body = Buffer.from(
  '{"event":"meeting.started","event_ts":1626230691572,"payload":{"account_id":"Wk9PTV9BQ0NPVU5UX0lE","object":{"id":"1234567890","uuid":"Wk9PTV9NRUVUSU5HX0lE"}}}',
);
const sign = (secret: string, signed = body, at = timestamp) =>
  `v0=${createHmac('sha256', secret)
    .update(`v0:${at}:${signed.toString('latin1')}`, 'latin1')
    .digest('hex')}`;

const request = {
  secrets: ['new-secret', 'old-secret'],
  signature: sign('new-secret'),
  timestamp,
  body,
  nowMs: 1_739_923_528_000,
};

const update = (object: object, former?: object) =>
  readZoomEvent({
    event: 'meeting.updated',
    event_ts: 1626230691572,
    payload: {
      operator: 'ada@example.com',
      scope: 'single',
      object: { id: 1234567890, ...object },
      ...(former && { old_object: { id: 1234567890, ...former } }),
      time_stamp: 1626230691572,
    },
  });

describe('verifyZoom', () => {
  test.each(['new-secret', 'old-secret'])('accepts a signature with the %s', (secret) => {
    expect(verifyZoom({ ...request, signature: sign(secret) })).toEqual({ kind: 'authentic', secret });
  });

  test('verifies any bytes', () => {
    const bytes = Buffer.from([0x22, 0xff, 0xfe, 0x00, 0x22]);
    expect(verifyZoom({ ...request, body: bytes, signature: sign('new-secret', bytes) }).kind).toBe(
      'authentic',
    );
  });

  test.each([
    ['another secret', { signature: sign('a-guess') }],
    ['a changed body', { body: Buffer.from(body.toString().replace('1234567890', '1234567891')) }],
    [
      'a body that was parsed and serialized again',
      { body: Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1)) },
    ],
    ['a changed timestamp', { timestamp: '1739923529' }],
    ['an invalid timestamp', { timestamp: '1739923528.0' }],
    ['no signature', { signature: undefined }],
    ['no timestamp', { timestamp: undefined }],
    ['an empty signature', { signature: '' }],
    ['the signature without its version', { signature: sign('new-secret').slice(3) }],
    ['no configured secret', { secrets: [] }],
  ])('rejects %s', (_what, change) => {
    expect(verifyZoom({ ...request, ...change })).toEqual({ kind: 'forged' });
  });

  test.each([
    ['of now', 0, 'authentic'],
    ['of the first request, in the repetition after 5 minutes', 5 * 60_000 + 1_000, 'authentic'],
    ['of the first request, in the repetition after 25 minutes', 25 * 60_000, 'authentic'],
    ['of the first request, in the last repetition after 85 minutes', 85 * 60_000 + 30_000, 'authentic'],
    ['90 minutes late', 90 * 60_000, 'authentic'],
    ['later', 90 * 60_000 + 1_000, 'stale'],
    ['five minutes early', -300_000, 'authentic'],
    ['earlier', -301_000, 'stale'],
  ])('checks the timestamp: %s', (_what, byMs, kind) => {
    expect(verifyZoom({ ...request, nowMs: request.nowMs + byMs }).kind).toBe(kind);
  });
});

test('an old request with another body is forged, whatever its timestamp', () => {
  const nowMs = request.nowMs + 25 * 60_000;
  expect(verifyZoom({ ...request, nowMs, body: Buffer.from('{}') })).toEqual({ kind: 'forged' });
});

test('the challenge answer is the hexadecimal HMAC of the token', () => {
  const plainToken = 'qgg8vlvZRS6UYooatFL8Aw';
  expect(answerChallenge('secret', plainToken)).toEqual({
    plainToken,
    encryptedToken: createHmac('sha256', 'secret').update(plainToken).digest('hex'),
  });
  // RFC 4231, test case 2.
  expect(answerChallenge('Jefe', 'what do ya want for nothing?').encryptedToken).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

const event = (name: string, object: unknown = { id: 1234567890, uuid: 'u==' }) =>
  readZoomEvent({ event: name, event_ts: 1626230691572, payload: { object } });

const person = { user_id: '16778240', user_name: 'Ada Example', email: 'ada@example.com' };
const personEvent = (name: string, participant: object, ts = 1626230691572) =>
  readZoomEvent({
    event: name,
    event_ts: ts,
    payload: { object: { id: '89012345678', uuid: '4444AAAiAAAAAiAiAiiAii==', participant } },
  });

describe('readZoomEvent', () => {
  test.each(['meeting.started', 'meeting.ended', 'meeting.deleted', 'recording.completed'])(
    'reads %s',
    (name) => {
      expect(event(name)).toEqual({
        kind: 'event',
        dedupeKey: `${name}:u==:1626230691572`,
        inboxEvent: { kind: name, event: { meetingId: '1234567890', at: '2021-07-14T02:44:51.572Z' } },
      });
    },
  );

  describe('of a meeting that was changed', () => {
    test.each([
      ['another passcode', { password: '228899' }, { password: '228885' }],
      ['a passcode that was removed', { password: '' }, { password: '228885' }],
      ['a passcode without the former one', { password: '228899' }, undefined],
      [
        'another address',
        { join_url: 'https://zoom.us/j/1?pwd=b' },
        { join_url: 'https://zoom.us/j/1?pwd=a' },
      ],
      ['the personal id of its host', { settings: { use_pmi: true } }, { settings: { use_pmi: false } }],
      ['no audio', { settings: { audio: 'voip' } }, { settings: { audio: 'both' } }],
      ['settings of an unknown form', { password: '2', settings: 'none' }, { settings: 'none' }],
    ])('reads %s', (_what, object, former) => {
      expect(update(object, former)).toEqual({
        kind: 'event',
        dedupeKey: 'meeting.updated:1234567890:1626230691572',
        inboxEvent: {
          kind: 'meeting.changed',
          event: { meetingId: '1234567890', at: '2021-07-14T02:44:51.572Z' },
        },
      });
    });

    test.each([
      ['another topic', { topic: 'New' }, { topic: 'Old' }],
      ['another time', { start_time: '2026-12-01T09:00:00Z', duration: 30 }, { duration: 60 }],
      ['the same passcode', { topic: 'New', password: '1' }, { topic: 'Old', password: '1' }],
      ['other hosts', { settings: { alternative_hosts: 'a@b.example' } }, { settings: {} }],
      ['nothing', {}, undefined],
    ])('ignores %s', (_what, object, former) => {
      expect(update(object, former)).toEqual({ kind: 'ignored', event: 'meeting.updated' });
    });

    test('is no event without a meeting', () => {
      expect(readZoomEvent({ event: 'meeting.updated', payload: {} })).toBeUndefined();
    });
  });

  test('reads a finished transcript as a finished recording', () => {
    expect(event('recording.transcript_completed')).toMatchObject({
      dedupeKey: 'recording.transcript_completed:u==:1626230691572',
      inboxEvent: { kind: 'recording.completed', event: { meetingId: '1234567890' } },
    });
  });

  test('distinguishes two meetings with one number, and deduplicates a repeated event', () => {
    const keys = [
      event('meeting.started'),
      event('meeting.started'),
      event('meeting.started', { id: '1234567890', uuid: 'v==' }),
    ];
    expect(new Set(keys.map((key) => key?.kind === 'event' && key.dedupeKey)).size).toBe(2);
  });

  test('reads a deauthorization', () => {
    const payload = {
      account_id: 'EabCDEFghiLHMA',
      user_id: 'z9jkdsfsdfjhdkfjQ',
      deauthorization_time: '2019-06-17T13:52:28.632Z',
    };
    expect(readZoomEvent({ event: 'app_deauthorized', payload })).toMatchObject({
      kind: 'event',
      inboxEvent: {
        kind: 'connection.deauthorized',
        event: {
          userId: 'z9jkdsfsdfjhdkfjQ',
          accountId: 'EabCDEFghiLHMA',
          at: '2019-06-17T13:52:28.632Z',
        },
      },
    });
  });

  test.each(['meeting.sharing_started', 'toString'])('ignores %s', (name) => {
    expect(event(name)).toEqual({ kind: 'ignored', event: name });
  });

  test.each([
    ['meeting.participant_joined', { join_time: '2021-07-13T21:44:51Z' }],
    ['meeting.participant_left', { leave_time: '2021-07-13T21:44:51Z' }],
  ])('reads the person and the time of %s', (name, time) => {
    expect(personEvent(name, { ...person, ...time })).toMatchObject({
      kind: 'event',
      inboxEvent: {
        kind: name,
        event: {
          meetingId: '89012345678',
          at: '2021-07-13T21:44:51.000Z',
          name: 'Ada Example',
          email: 'ada@example.com',
        },
      },
    });
  });

  test('reads the registrant with whose address a person joined', () => {
    expect(personEvent('meeting.participant_joined', { ...person, registrant_id: 'abc' })).toMatchObject({
      inboxEvent: { event: { name: 'Ada Example', registrant: 'abc' } },
    });
  });

  test('tells two people apart who join in the same millisecond', () => {
    const keys = ['one', 'two'].map((uuid) => {
      const read = personEvent('meeting.participant_joined', { ...person, participant_uuid: uuid });
      return read?.kind === 'event' ? read.dedupeKey : undefined;
    });
    expect(keys[0]).toMatch(/^meeting\.participant_joined:4444AAAiAAAAAiAiAiiAii==:one:1626230691572$/);
    expect(keys[1]).not.toBe(keys[0]);
  });

  test('reads a person without a name and an address, with the time of the event', () => {
    expect(personEvent('meeting.participant_joined', { user_name: '', email: '' })).toMatchObject({
      inboxEvent: { event: { meetingId: '89012345678', at: '2021-07-14T02:44:51.572Z' } },
    });
  });

  test.each([
    ['no event', { payload: {} }],
    ['a meeting without a number', { event: 'meeting.started', payload: { object: {} } }],
    ['a deleted meeting without a number', { event: 'meeting.deleted', payload: { object: { uuid: 'u' } } }],
    ['a person without a meeting', { event: 'meeting.participant_left', payload: { object: {} } }],
    ['an invalid meeting number', { event: 'meeting.started', payload: { object: { id: '12; DROP' } } }],
    ['a challenge without a token', { event: 'endpoint.url_validation', payload: {} }],
    ['a list', []],
    ['nothing', null],
  ])('rejects %s', (_what, body) => {
    expect(readZoomEvent(body)).toBeUndefined();
  });
});
