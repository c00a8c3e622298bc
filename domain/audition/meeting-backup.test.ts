import { describe, expect, it } from 'vitest';
import { meetingBackupSchema } from './meeting-backup.ts';

describe('the plan for an audition without a meeting', () => {
  it.each([{ phone: '+33 1 23 45 67 89' }, { place: 'Studio 2' }, { text: 'We call you.' }])(
    'has a phone number, a place or a text: %o',
    (plan) => {
      expect(meetingBackupSchema.parse(plan)).toEqual(plan);
    },
  );

  it.each([{}, { fax: '1' }, { phone: 'line\nbreak' }, { text: 'x'.repeat(301) }])(
    'is refused: %o',
    (plan) => {
      expect(meetingBackupSchema.safeParse(plan).success).toBe(false);
    },
  );
});
