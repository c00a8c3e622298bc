import { expect, it } from 'vitest';
import { isCopy } from './event-copies.ts';

const ours = { id: 'creation-1', uid: 'uid-1' };

it('tells a copy by the UID that differs from that of the known creation', () => {
  expect(isCopy({ id: 'creation-1', uid: 'uid-2' }, [ours])).toBe(true);
  expect(isCopy(ours, [ours])).toBe(false);
});

it('takes an event of a creation that is not known for no copy: this service has created it twice', () => {
  expect(isCopy({ id: 'creation-2', uid: 'uid-2' }, [ours])).toBe(false);
  expect(isCopy(ours, [])).toBe(false);
});

it('takes no event for a copy whose UID was recorded', () => {
  expect(isCopy(ours, [{ id: 'creation-1', uid: 'uid-2' }, ours])).toBe(false);
});
