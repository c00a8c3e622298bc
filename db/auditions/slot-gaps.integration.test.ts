/** Tests the gaps between the holds of two auditions: buffers, and travel times. */
import { describe, expect, it } from 'vitest';
import { minute } from '../../domain/time/units.ts';
import { cast, claim, organization, slot, ten, useSlotHolds } from '../../tests/harness/slot-holds.ts';
import type { SlotClaim } from './slot-holds.ts';

const { holds, change } = useSlotHolds();

const gaps = (change: Partial<NonNullable<SlotClaim['gaps']>> = {}) => ({ buffer: 0, travel: 0, ...change });
const quarter = gaps({ buffer: 15 * minute });
const soon = slot('10:40', '11:00');
const day = { from: '2027-03-01T00:00:00.000Z', until: '2027-03-01T23:00:00.000Z' } as const;

/** One audition holds ten to half past. Returns the claim of another one with the same performer. */
const setup = async (first: Partial<SlotClaim>) => {
  const { auditions, performer } = cast();
  await holds().claim(...claim(auditions[0], [performer], first));
  return {
    auditions,
    performer,
    next: (more: Partial<SlotClaim>) =>
      holds().claim(...claim(auditions[1], [performer], { slot: soon, ...more })),
  };
};

describe('a buffer between auditions', () => {
  it('refuses a slot that is too close after the hold, and names the audition that holds it', async () => {
    const { auditions, performer, next } = await setup({});
    expect(await next({ gaps: quarter })).toEqual({
      kind: 'taken',
      resources: [performer],
      by: [{ ...ten, auditionId: auditions[0], resources: [performer], overlaps: false }],
    });
    expect(await next({ gaps: gaps({ buffer: 10 * minute }) })).toMatchObject({ kind: 'held' });
  });

  it('refuses a slot that is too close before the hold', async () => {
    const { next } = await setup({});
    const before = slot('09:30', '09:50');
    expect(await next({ slot: before, gaps: quarter })).toMatchObject({ kind: 'taken' });
    expect(await next({ slot: before, gaps: gaps({ buffer: 10 * minute }) })).toMatchObject({ kind: 'held' });
  });

  it('of the audition that came first is kept by one that needs none', async () => {
    const { next } = await setup({ gaps: quarter });
    expect(await next({})).toMatchObject({ kind: 'taken' });
    expect(await next({ slot: slot('10:45', '11:00') })).toMatchObject({ kind: 'held' });
  });

  it('can be ignored, unlike the slot itself', async () => {
    const { next } = await setup({ gaps: quarter });
    expect(await next({ gaps: quarter, ignoresGaps: true, slot: slot('10:29', '11:00') })).toMatchObject({
      kind: 'taken',
      by: [{ overlaps: true }],
    });
    expect(await next({ gaps: quarter, ignoresGaps: true })).toMatchObject({ kind: 'held' });
  });

  it('does not concern other resources or other claims of the same audition', async () => {
    const { auditions, performer } = await setup({ gaps: quarter });
    const { performer: other } = cast();
    expect(await holds().claim(...claim(auditions[1], [other], { slot: soon }))).toMatchObject({
      kind: 'held',
    });
    const moved = claim(auditions[0], [performer], { claim: 2, slot: soon, gaps: quarter });
    expect(await holds().claim(...moved)).toMatchObject({ kind: 'held' });
  });

  it('is kept by one of two simultaneous claims', async () => {
    const { auditions, performer } = cast();
    const results = await Promise.all([
      holds().claim(...claim(auditions[0], [performer], { gaps: quarter })),
      holds().claim(...claim(auditions[1], [performer], { slot: soon, gaps: quarter })),
    ]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['held', 'taken']);
  });

  it('is taken from an audition that yields', async () => {
    const { auditions, next } = await setup({});
    await change(auditions[0], { yieldHolds: true });
    expect(await next({ gaps: quarter })).toMatchObject({ kind: 'held', takenFrom: [auditions[0]] });
    expect((await holds().claims(auditions[0])).held).toEqual([]);
  });

  it('is part of the busy times', async () => {
    const { performer } = await setup({ gaps: gaps({ buffer: 5 * minute }) });
    const busy = await holds().listBusy({ organization, resources: [performer], gaps: quarter }, day);
    expect(busy).toEqual([{ resource: performer, ...slot('09:45', '10:45') }]);
  });

  it('of a hold outside a window reaches into its busy times', async () => {
    const { performer } = await setup({ gaps: quarter });
    const window = { from: '2027-03-01T10:30:00.000Z', until: '2027-03-01T12:00:00.000Z' } as const;
    const busy = await holds().listBusy({ organization, resources: [performer] }, window);
    expect(busy).toMatchObject([{ end: '2027-03-01T10:45:00.000Z' }]);
  });
});

describe('a travel time', () => {
  const travel = 30 * minute;

  it.each([
    ['one room and another', 'studio a', 'studio b', 'taken'],
    ['a room and a meeting by video', 'studio a', undefined, 'taken'],
    ['a meeting by video and a room', undefined, 'studio a', 'taken'],
    ['two meetings by video', undefined, undefined, 'held'],
    ['two auditions in one room', 'studio a', 'studio a', 'held'],
  ])('lies between %s as it should', async (_what, first, second, expected) => {
    const { next } = await setup({ gaps: gaps({ place: first }) });
    expect(await next({ gaps: gaps({ travel, place: second }) })).toMatchObject({ kind: expected });
  });

  it('of the audition that came first is kept as well', async () => {
    const { next } = await setup({ gaps: gaps({ travel, place: 'studio a' }) });
    expect(await next({})).toMatchObject({ kind: 'taken' });
  });
});
