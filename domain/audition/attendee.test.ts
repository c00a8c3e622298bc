import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';
import { type ObservedAttendance, presencesIn, whoJoined } from './attendee.ts';

const person = (id: string, name: string, email?: string) => ({
  id: participantIdSchema.parse(id),
  name,
  email,
});
const cast = [person('ada', 'Ada Éxample', 'ada@example.com'), person('rita', 'Rita Reader')];

describe('an attendee', () => {
  it.each([
    ['by the address', { email: 'ADA@example.com', name: 'iPhone' }, 'ada'],
    ['by the name, without case, accents and spaces', { name: ' ada  example ' }, 'ada'],
    [
      'by the name, when the address is unknown',
      { name: 'Rita Reader', email: 'private@example.org' },
      'rita',
    ],
  ])('is found %s', (_how, attendee, id) => {
    expect(whoJoined(cast, attendee)).toBe(id);
  });

  it('is found by an address outside ASCII, in either normal form', () => {
    const josé = person('jose', 'José', 'jos\u00e9@example.com');
    expect(whoJoined([...cast, josé], { email: 'JOSE\u0301@example.com' })).toBe('jose');
  });

  it.each([
    ['an unknown name', { name: 'Eve Stranger' }],
    ['nothing', {}],
    ['an empty name and address', { name: '', email: '' }],
  ])('is not found by %s', (_what, attendee) => {
    expect(whoJoined(cast, attendee)).toBeUndefined();
  });

  it('is not found by a name that two participants share', () => {
    expect(whoJoined([...cast, person('ada-2', 'Ada Example')], { name: 'Ada Example' })).toBeUndefined();
  });

  describe('with an address that two participants share', () => {
    const family = [
      ...cast,
      person('ben', 'Ben Young', 'family@example.com'),
      person('cleo', 'Cleo Young', 'Family@example.com'),
    ];
    const email = 'family@example.com';

    it.each([
      ['no name', { email }],
      ['the name of a device', { email, name: 'iPad' }],
      ['the name of a participant with another address', { email, name: 'Rita Reader' }],
    ])('is not found by %s', (_what, attendee) => {
      expect(whoJoined(family, attendee)).toBeUndefined();
    });

    it('is found by the name', () => {
      expect(whoJoined(family, { email, name: 'cleo young' })).toBe('cleo');
      expect(whoJoined(family, { email, name: 'Ben Young' })).toBe('ben');
    });

    it('is not found by a name that both have as well', () => {
      const namesakes = [...family, person('ben-2', 'Ben Young', email)];
      expect(whoJoined(namesakes, { email, name: 'Ben Young' })).toBeUndefined();
    });
  });
});

const stay = (joinedAt: string, leftAt?: string): ObservedAttendance => ({
  name: 'Ada Example',
  joinedAt: instantSchema.parse(`2031-03-03T${joinedAt}:00.000Z`),
  ...(leftAt === undefined ? {} : { leftAt: instantSchema.parse(`2031-03-03T${leftAt}:00.000Z`) }),
});

describe('presencesIn', () => {
  const slot = { start: '2031-03-03T10:00:00.000Z', end: '2031-03-03T10:15:00.000Z' } as const;
  it('cuts a presence to the slot', () => {
    expect(presencesIn([stay('09:00', '12:00')], slot)).toEqual([stay('10:00', '10:15')]);
    expect(presencesIn([stay('10:03', '10:12')], slot)).toEqual([stay('10:03', '10:12')]);
    expect(presencesIn([stay('09:58')], slot)).toEqual([stay('10:00', '10:15')]);
  });

  it('leaves out who was there before or after the slot only', () => {
    const director = stay('09:00', '18:00');
    const others = [stay('09:00', '10:00'), stay('10:15', '10:30')];
    expect(presencesIn([director, ...others], slot)).toEqual([stay('10:00', '10:15')]);
  });

  it('knows nothing of a slot in which the room was empty, unless it was always empty', () => {
    expect(presencesIn([stay('10:15', '10:30')], slot)).toBeUndefined();
    expect(presencesIn([], slot)).toEqual([]);
  });
});
