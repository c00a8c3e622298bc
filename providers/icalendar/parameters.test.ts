import { describe, expect, it } from 'vitest';
import { addressOf } from './calendar-address.ts';
import { parameterOf, rawValueOf, readParameters, withParameter } from './parameters.ts';

const status = (line: string) => parameterOf(line, 'PARTSTAT');

describe('the address and the status of an attendee', () => {
  it.each([
    ['a comma', 'CN=Doe, Jane'],
    ['a semicolon', 'CN=Doe; Jane'],
    ['a colon', 'CN=Studio: Jane'],
    ['a colon without a space', 'CN=Studio:Jane'],
    ['its address', 'CN=mailto:other@example.com'],
    ['one quote', 'CN=Jane 6" Doe'],
    ['quotes inside', 'CN=Jane "Ace" Doe'],
    ['quotes inside quotes', 'CN="Jane \\"Ace\\" Doe"'],
    ['a quote that is not closed', 'CN="Jane'],
    ['only a quote', 'CN="'],
    ['a semicolon in quotes', 'CN="Doe; PARTSTAT=DECLINED"'],
    ['a colon in quotes', 'CN="mailto:other@example.com"'],
    ['carets', "CN=Jane ^'Ace^' Doe^nCasting"],
    ['nothing', 'CN='],
    ['several values', 'MEMBER="mailto:a@example.com","mailto:b@example.com"'],
    ['an address without quotes', 'SENT-BY=mailto:other@example.com'],
    ['no value', 'RSVP'],
  ])('are read beside a parameter with %s', (_what, parameter) => {
    for (const line of [
      `ATTENDEE;${parameter};PARTSTAT=ACCEPTED:mailto:Jane@example.com`,
      `ATTENDEE;PARTSTAT=ACCEPTED;${parameter}:mailto:Jane@example.com`,
      `ATTENDEE;PARTSTAT=ACCEPTED;${parameter}:Jane@example.com`,
    ]) {
      expect([line, addressOf(line), status(line)]).toEqual([line, 'jane@example.com', 'ACCEPTED']);
    }
  });

  it('are read when the address is a parameter', () => {
    const line = 'ATTENDEE;CN=Studio: Doe, Jane;EMAIL=jane@example.com;PARTSTAT=DECLINED:/123/principal/';
    expect([addressOf(line), status(line)]).toEqual(['jane@example.com', 'DECLINED']);
    expect(rawValueOf(line)).toBe('/123/principal/');
  });

  it('are read with spaces, in quotes and in any case', () => {
    expect(status('ATTENDEE;PARTSTAT= accepted ;CN=Jane:mailto:jane@example.com')).toBe('accepted');
    expect(status('attendee;partstat="ACCEPTED":mailto:jane@example.com')).toBe('ACCEPTED');
  });

  it('are read in bounded time', () => {
    const line = `ATTENDEE;CN=${':";='.repeat(250_000)}:mailto:jane@example.com`;
    const started = performance.now();
    readParameters(line);
    addressOf(line);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('a parameter', () => {
  it('is read with the characters that carets stand for (RFC 6868)', () => {
    expect(parameterOf("ATTENDEE;CN=Al ^'Ace^' Moss^nA^^B^x:mailto:al@example.com", 'CN')).toBe(
      'Al "Ace" Moss\nA^B^x',
    );
  });

  it('that names a zone with a colon is read with the time after it', () => {
    for (const tzid of ['(UTC+01:00) Amsterdam, Berlin, Rome', '"(UTC+01:00) Amsterdam, Berlin, Rome"']) {
      const line = `DTSTART;TZID=${tzid}:20261201T10:00:00`;
      expect(parameterOf(line, 'TZID')).toBe('(UTC+01:00) Amsterdam, Berlin, Rome');
      expect(rawValueOf(line)).toBe('20261201T10:00:00');
    }
  });

  it('is absent in a line without it', () => {
    expect(parameterOf('DTSTART:20261201T100000', 'TZID')).toBeUndefined();
    expect(parameterOf('no property', 'TZID')).toBeUndefined();
    expect(rawValueOf('no property')).toBe('');
  });

  it('is replaced, and everything else of the line stays', () => {
    for (const name of ['Doe; Jane', 'Studio: Jane', '"a;PARTSTAT=DECLINED:b"', 'Jane 6"'])
      expect(
        withParameter(
          `ATTENDEE;CN=${name};partstat=ACCEPTED;RSVP=TRUE:mailto:jane@example.com`,
          'PARTSTAT',
          'NEEDS-ACTION',
        ),
      ).toBe(`ATTENDEE;CN=${name};partstat=NEEDS-ACTION;RSVP=TRUE:mailto:jane@example.com`);
    const without = 'ATTENDEE;CN=Jane:mailto:jane@example.com';
    expect(withParameter(without, 'PARTSTAT', 'NEEDS-ACTION')).toBe(without);
  });
});
