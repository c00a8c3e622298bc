import { describe, expect, it } from 'vitest';
import { interruptedNotice } from './interrupted-notice.ts';

const present = {
  revision: 2,
  hasJoinLinks: false,
  hasMeeting: true,
  sent: [{ deliveryId: 'd:1', changed: 'link' }],
} as const;
const interrupted = (
  keys: readonly string[],
  change: Partial<Parameters<typeof interruptedNotice>[2]> = {},
) => interruptedNotice(keys, (notice) => `aud/${notice}:ada:email:`, { ...present, ...change });

describe('a notice that an earlier run was sending', () => {
  it.each([
    ['r2:m3', {}, 'link'],
    ['r2:m3', { hasMeeting: false }, 'no_link'],
    ['r2:m3', { hasJoinLinks: true }, 'meeting'],
    ['r2:backup', {}, 'backup'],
    ['r2:added-4', {}, 'calendar'],
    ['r2:added-4:invitation-r2', {}, 'calendar'],
    ['r2:entry-9', {}, 'calendar'],
    ['r2:entry-9:update-r2:m3', {}, 'calendar'],
    ['r2:rejoined-9', {}, 'rejoined'],
    ['r2:instead:d:1', {}, 'link'],
  ] as const)('tells what has changed: %s %o', (label, change, changed) => {
    expect(interrupted([`aud/update:ada:email:${label}`], change)).toEqual({
      notice: 'update',
      label,
      changed,
    });
  });

  it('tells of the new time without a change of the same slot', () => {
    expect(interrupted(['aud/update:ada:email:r2'])).toEqual({ notice: 'update', label: 'r2' });
    expect(interrupted(['aud/invitation:ada:email:r2:added-4'])).toEqual({
      notice: 'invitation',
      label: 'r2:added-4',
    });
  });

  it('is not one of another revision, recipient or channel', () => {
    expect(
      interrupted([
        'aud/update:ada:email:r21',
        'aud/update:ada:email:r1:m2',
        'aud/update:ada:sms:r2',
        'aud/update:ben:email:r2',
      ]),
    ).toBeUndefined();
  });
});
