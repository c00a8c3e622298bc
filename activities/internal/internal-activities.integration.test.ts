import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuditionEvent, AuditionFact } from '../../domain/audition/events.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type AuditionId, participantIdSchema } from '../../domain/ids.ts';
import { ada, noticeFacts, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const claim = (at: Slot, auditionId = bench.auditionId, revision = 1) => ({
    ...bench.about,
    auditionId,
    slot: at,
    revision,
    until: '2031-01-01T00:00:00.000Z' as const,
    resources: [`room:${bench.auditionId}`],
  });
  const hold = (...at: Parameters<typeof claim>) =>
    bench.activities.holdSlot({
      ...claim(...at),
      reminders: { offsets: [3_600_000], participants: [ada] },
    });
  return { ...bench, claim, hold };
};

describe('the internal activities', () => {
  it('hold the slot and plan the reminders', async () => {
    const { hold } = await setup();
    expect(await hold(slot)).toEqual({
      kind: 'held',
      reminders: [
        {
          at: '2031-03-29T23:30:00.000Z',
          offsetMs: 3_600_000,
          participants: [participantIdSchema.parse('ada')],
        },
      ],
    });
  });

  it('refuse a slot that is taken until it is released', async () => {
    const { hold, activities, about, auditionId } = await setup();
    await hold(slot);
    const other: AuditionId = `aud_${randomUUID()}`;
    expect(await hold(slot, other)).toEqual({ kind: 'taken', resources: [`room:${auditionId}`] });
    await activities.releaseHolds(about);
    expect(await hold(slot, other)).toMatchObject({ kind: 'held' });
  });

  it('refuse a slot in the past', async () => {
    const { hold } = await setup();
    const past: Slot = { start: '2020-01-01T00:00:00.000Z', end: '2020-01-01T01:00:00.000Z', zone: 'UTC' };
    expect(await hold(past)).toEqual({ kind: 'in_the_past' });
  });

  it('keep a confirmed slot beyond its hold', async () => {
    const { hold, claim, activities, auditionId, repositories } = await setup();
    await hold(slot);
    const confirmed = { kind: 'confirmed' };
    expect(await activities.confirmHold(claim(slot))).toEqual(confirmed);
    expect(await activities.confirmHold(claim(slot))).toEqual(confirmed);
    const window = { from: slot.start, until: slot.end };
    expect(await repositories.holds.listBusy('org_1', [`room:${auditionId}`], window)).toHaveLength(1);
  });

  it('claim an expired hold again on confirmation, unless another audition has taken the slot', async () => {
    const { hold, claim, activities, about, auditionId } = await setup();
    expect(await activities.confirmHold(claim(slot))).toEqual({ kind: 'confirmed' });
    await activities.releaseHolds(about);
    await hold(slot, `aud_${randomUUID()}`);
    expect(await activities.confirmHold(claim(slot))).toEqual({
      kind: 'taken',
      resources: [`room:${auditionId}`],
    });
  });

  it('refuse to confirm a slot that has begun', async () => {
    const { claim, activities } = await setup();
    const past: Slot = { start: '2020-01-01T00:00:00.000Z', end: '2020-01-01T01:00:00.000Z', zone: 'UTC' };
    expect(await activities.confirmHold(claim(past))).toEqual({ kind: 'in_the_past' });
  });

  it('record each event once, and refuse a different event with the same sequence', async () => {
    const { activities, about, auditionId, repositories } = await setup();
    const fact: AuditionFact = {
      type: 'requested',
      auditionId,
      organization: 'org_1',
      project: noticeFacts.project.id,
      role: noticeFacts.role.id,
      round: 'first',
      participants: [],
    };
    const event: AuditionEvent = { sequence: 1, at: slot.start, correlationId: 'corr-1', fact };
    await activities.recordEvents({ ...about, events: [event] });
    await activities.recordEvents({ ...about, events: [event] });
    const page = { after: 0, limit: 10 };
    expect(await repositories.events.read('org_1', auditionId, page)).toHaveLength(1);
    const other = activities.recordEvents({ ...about, events: [{ ...event, at: slot.end }] });
    await expect(other).rejects.toMatchObject({ type: 'AuditConflict', nonRetryable: true });
  });
});
