import { describe, expect, it } from 'vitest';
import { calendar, event } from '../../tests/harness/calendar-text.ts';
import { addressesOf } from './event.ts';
import { readOccurrences } from './occurrences.ts';
import { utc } from './zones/zone.ts';

const answerOf = (account: string, ...lines: readonly string[]) => {
  const text = calendar(...event('UID:a', 'DTSTART:20261201T090000Z', 'DURATION:PT1H', ...lines));
  const window = { start: Date.UTC(2026, 10, 1), end: Date.UTC(2027, 0, 1) };
  const query = { window, owner: utc, addresses: addressesOf(account) };
  return readOccurrences(text, query, () => {})[0]?.answer;
};

describe('the answer of the owner', () => {
  it.each([
    ['ACCEPTED', 'accepted'],
    ['declined', 'declined'],
    ['TENTATIVE', 'tentative'],
    ['NEEDS-ACTION', undefined],
    ['DELEGATED', undefined],
  ])('is read from the status %s', (status, answer) => {
    expect(answerOf('Ada@example.com', `ATTENDEE;PARTSTAT=${status}:mailto:ada@EXAMPLE.com`)).toBe(answer);
  });

  it('is recognized by the address parameter, and by the name of an account without a domain', () => {
    const principal = 'ATTENDEE;PARTSTAT=DECLINED;EMAIL=ada@icloud.example:/1234/principal/';
    expect(answerOf('ada@icloud.example', principal)).toBe('declined');
    expect(answerOf('ada', 'ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com')).toBe('declined');
  });

  it.each(['Doe; Ada', 'Studio: Ada', 'Doe, Ada', 'Ada 6" Doe'])('is read beside the name %s', (name) => {
    const lines = [
      `ORGANIZER;CN=${name}:mailto:bea@example.com`,
      `ATTENDEE;CN=${name};PARTSTAT=DECLINED:mailto:ada@example.com`,
    ];
    expect(answerOf('ada@example.com', ...lines)).toBe('declined');
  });

  it('is not that of another person', () => {
    const others = [
      'ATTENDEE;PARTSTAT=DECLINED:mailto:bea@example.com',
      'ATTENDEE;PARTSTAT=DECLINED:mailto:ada@other.example',
    ];
    expect(answerOf('ada@example.com', ...others)).toBeUndefined();
    expect(answerOf('ad', ...others)).toBeUndefined();
    expect(answerOf('ada@example.com')).toBeUndefined();
  });
});
