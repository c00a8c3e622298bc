import { describe, expect, it } from 'vitest';
import {
  eventIdFor,
  meetingReference,
  messageIdFor,
  requestHash,
  textReference,
} from './deterministic-ids.ts';

const key = 'audition/aud_1:invitation:ada:email:r1';

describe('a fingerprint', () => {
  it('of a request does not depend on the order of its keys, only on its content', () => {
    expect(requestHash({ a: 1, b: { c: 2, d: 3 } })).toBe(requestHash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(requestHash({ a: 1 })).not.toBe(requestHash({ a: 2 }));
    expect(requestHash({ a: 1, b: undefined })).toBe(requestHash({ a: 1 }));
  });

  it('is the same event for an audition and a calendar, and another one for another', () => {
    const calendar = { connection: 'conn_1', calendarId: 'primary' } as const;
    const id = eventIdFor('aud_1', calendar);
    expect(id).toMatch(/^[0-9a-v]{5,1024}$/);
    expect(eventIdFor('aud_1', { ...calendar })).toBe(id);
    expect(eventIdFor('aud_2', calendar)).not.toBe(id);
    expect(eventIdFor('aud_1', { ...calendar, calendarId: 'other' })).not.toBe(id);
    expect(eventIdFor('aud_1', { ...calendar, connection: 'conn_2' })).not.toBe(id);
  });

  it('makes a Message-ID in angle brackets that tells nothing of the key', () => {
    expect(messageIdFor(key)).toMatch(/^<[0-9a-f]{40}@castmatch>$/);
    expect(messageIdFor(key)).not.toBe(messageIdFor(`${key}2`));
  });

  it('makes a meeting findable by one word that names the audition', () => {
    expect(meetingReference('aud_1', key)).toMatch(/^aud_1:[0-9a-f]{24}$/);
  });

  it('makes a short reference that a person can read out', () => {
    expect(textReference(key)).toMatch(/^[A-HJ-NP-Z2-9]{6}$/);
    expect(textReference(key)).not.toBe(textReference(`${key}2`));
  });
});
