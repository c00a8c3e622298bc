import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { castChangeRefusal, largestCast } from './cast-changes.ts';

const idOf = (id: string) => participantIdSchema.parse(id);
const member = (id: string, kind: 'performer' | 'reader' | 'agent' = 'reader') => ({ id: idOf(id), kind });
const add = (...of: Parameters<typeof member>) => ({ kind: 'add', participant: member(...of) }) as const;
const remove = (id: string) => ({ kind: 'remove', participant: idOf(id) }) as const;
const cast = [member('ada', 'performer'), member('rita')];

describe('a change of the cast', () => {
  it.each([
    ['adds a participant', [add('alan', 'agent')]],
    ['removes a participant', [remove('rita')]],
    ['replaces a participant by another one', [remove('rita'), add('rob')]],
    ['replaces the details of a participant', [remove('rita'), add('rita')]],
  ])('%s', (_, changes) => {
    expect(castChangeRefusal(cast, changes)).toBeUndefined();
  });

  it.each([
    ['removes the performer', [remove('ada')], 'performer_not_replaceable'],
    ['replaces the performer', [remove('ada'), add('eve', 'performer')], 'performer_not_replaceable'],
    ['adds a second performer', [add('eve', 'performer')], 'performer_not_replaceable'],
    ['makes a reader the performer', [remove('rita'), add('rita', 'performer')], 'performer_not_replaceable'],
    ['adds a participant twice', [add('rita')], 'duplicate_participant'],
    ['adds two participants with one ID', [add('rob'), add('rob')], 'duplicate_participant'],
    ['removes a stranger', [remove('nobody')], 'unknown_participant'],
    ['removes a participant twice', [remove('rita'), remove('rita')], 'unknown_participant'],
  ])('is refused when it %s', (_, changes, code) => {
    expect(castChangeRefusal(cast, changes)).toMatchObject({ code });
  });

  it('is refused when the cast would be too large, and a full cast can be replaced', () => {
    const full = [...cast, ...Array.from({ length: largestCast - 2 }, (_, index) => member(`r${index}`))];
    expect(castChangeRefusal(full, [add('rob')])).toMatchObject({ code: 'participant_limit_reached' });
    expect(castChangeRefusal(full, [remove('rita'), add('rob')])).toBeUndefined();
  });
});
