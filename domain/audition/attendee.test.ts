import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { whoJoined } from './attendee.ts';

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
});
