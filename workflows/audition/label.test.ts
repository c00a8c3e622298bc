import { describe, expect, it } from 'vitest';
import { type Label, labelText, readLabel } from './label.ts';

const revision = 2;

/** One or more of each kind, with the text that ledgers and trails of earlier versions have. */
const labels: { readonly [Kind in Label['kind']]: readonly (readonly [Label & { kind: Kind }, string])[] } = {
  slot: [[{ kind: 'slot', revision }, 'r2']],
  backup: [[{ kind: 'backup', revision }, 'r2:backup']],
  again: [[{ kind: 'again', revision }, 'r2:again']],
  added: [
    [{ kind: 'added', revision, number: 4 }, 'r2:added-4'],
    [
      { kind: 'added', revision, number: 4, after: 'invitation-r2:added-4' },
      'r2:added-4:invitation-r2:added-4',
    ],
  ],
  entry: [
    [{ kind: 'entry', revision, number: 17 }, 'r2:entry-17'],
    [
      { kind: 'entry', revision, number: 17, after: 'update-r2:instead:d1' },
      'r2:entry-17:update-r2:instead:d1',
    ],
  ],
  removed: [[{ kind: 'removed', revision, number: 3 }, 'r2:removed-3']],
  rejoined: [[{ kind: 'rejoined', revision, number: 9 }, 'r2:rejoined-9']],
  restored: [[{ kind: 'restored', revision, number: 12 }, 'r2:restored-12']],
  meeting: [[{ kind: 'meeting', revision, number: 3 }, 'r2:m3']],
  declined: [
    [{ kind: 'declined', revision }, 'r2:declined'],
    [{ kind: 'declined', revision, answeredAt: 1_764_000_000_000 }, 'r2:declined-1764000000000'],
  ],
  reminder: [[{ kind: 'reminder', revision, offsetMs: 86_400_000 }, 'r2:86400000']],
  instead: [
    [{ kind: 'instead', revision, undelivered: '<a:b-1@castmatch>' }, 'r2:instead:<a:b-1@castmatch>'],
  ],
};

describe('label of an idempotency key', () => {
  it.each(Object.values(labels).flat())('reads what it has built: %o as %s', (label, text) => {
    expect(labelText(label)).toBe(text);
    expect(readLabel(text)).toEqual(label);
  });

  it.each(['', 'r', '2', 'r2:', 'r2:m', 'r2:entry', 'r2:rejoined-7:x', 'r2:unknown-7', 'xr2'])(
    'does not read another text: %s',
    (text) => {
      expect(readLabel(text)).toBeUndefined();
    },
  );
});
