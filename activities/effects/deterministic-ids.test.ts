import { describe, expect, it } from 'vitest';
import {
  conferenceRequestId,
  eventIdFor,
  meetingReference,
  messageIdFor,
  requestHash,
  textReference,
} from './deterministic-ids.ts';

const key = 'audition/aud_1:invitation:ada:email:r1';

describe('a deterministic id', () => {
  it('of a request depends on its content and not on the order of its keys', () => {
    expect(requestHash({ a: 1, b: { c: 2, d: 3 } })).toBe(requestHash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(requestHash({ a: 1 })).not.toBe(requestHash({ a: 2 }));
    expect(requestHash({ a: 1, b: undefined })).toBe(requestHash({ a: 1 }));
  });

  it('of an event is that of its audition', () => {
    const id = eventIdFor('aud_1');
    expect(id).toMatch(/^[0-9a-v]{5,1024}$/);
    expect(eventIdFor('aud_1')).toBe(id);
    expect(eventIdFor('aud_2')).not.toBe(id);
  });

  it('of a conference is that of the step which requests it', () => {
    expect(conferenceRequestId(key)).toMatch(/^[0-9a-f]{40}$/);
    expect(conferenceRequestId(key)).not.toBe(conferenceRequestId(`${key}2`));
  });

  it('of an email is a Message-ID in angle brackets that does not reveal the key', () => {
    expect(messageIdFor(key)).toMatch(/^<[0-9a-f]{40}@castmatch>$/);
    expect(messageIdFor(key)).not.toBe(messageIdFor(`${key}2`));
  });

  it('of a meeting is one word that starts with the audition id', () => {
    expect(meetingReference('aud_1', key)).toMatch(/^aud_1:[0-9a-f]{24}$/);
  });

  it('of a text message is short and has no ambiguous characters', () => {
    expect(textReference(key)).toMatch(/^[A-HJ-NP-Z2-9]{6}$/);
    expect(textReference(key)).not.toBe(textReference(`${key}2`));
  });
});
