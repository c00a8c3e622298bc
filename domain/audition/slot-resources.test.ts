import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { slotResources } from './slot-resources.ts';

const roomOf = (name: string) => slotResources([], name)[0];

describe('the resources of a slot', () => {
  it('are its participants, its room and its calendars', () => {
    const ada = { id: participantIdSchema.parse('ada') };
    expect(slotResources([ada], 'R1', ['google:a'])).toEqual([
      'participant:ada',
      'room:r1',
      'calendar:google:a',
    ]);
    expect(slotResources([ada], undefined)).toEqual(['participant:ada']);
  });

  it('name a calendar of two participants once', () => {
    expect(slotResources([], undefined, ['google:a', 'google:a'])).toEqual(['calendar:google:a']);
  });

  it.each([
    ['a decomposed accent', 'Cafe\u0301', 'Caf\u00e9'],
    ['a no-break space', 'Studio\u00a0A', 'Studio A'],
    ['two spaces', 'Studio  A', 'Studio A'],
    ['spaces around the name', ' Studio A\u2003', 'Studio A'],
    ['another case', 'STUDIO a', 'Studio A'],
    ['a sharp s in upper case', 'GROSSER SAAL', 'Großer Saal'],
    ['a final sigma', 'ΑΙΘΟΥΣΑΣ', 'αιθουσας'],
    ['the order of combining marks', 'Sa\u0323\u0302l', 'Sa\u0302\u0323l'],
    ['a Greek iota subscript', '\u1fb4', '\u03b1\u0345\u0301'],
    ['line breaks and ideographic spaces', 'Studio\u3000\n A', 'Studio A'],
    ['an upper case letter with a dot below', '\u1e62AAL', 's\u0323aal'],
    ['another case of a decomposed accent', 'CAFE\u0301', 'caf\u00e9'],
  ])('compare the name of a room without regard to %s', (_what, one, other) => {
    expect(roomOf(one)).toBe(roomOf(other));
  });

  it('distinguish rooms with different names', () => {
    expect(roomOf('Studio A')).not.toBe(roomOf('Studio B'));
    expect(roomOf('Cafe')).not.toBe(roomOf('Café'));
    expect(roomOf('Studio 1')).not.toBe(roomOf('Studio1'));
  });
});
