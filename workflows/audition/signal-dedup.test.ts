import { describe, expect, it } from 'vitest';
import { createSignalDedup } from './signal-dedup.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

describe('the intake', () => {
  it('admits each id once, in whatever order they come', () => {
    const intake = createSignalDedup();
    const admitted = ['b', 'a', 'b', 'a', 'c'].filter((inboxId) => intake.markApplied({ inboxId }));
    expect(admitted).toEqual(['b', 'a', 'c']);
  });

  it('admits what carries no id: it did not come through the inbox', () => {
    const intake = createSignalDedup();
    expect([intake.markApplied({}), intake.markApplied({})]).toEqual([true, true]);
    expect(intake.appliedIds).toEqual([]);
  });

  it('knows after continue-as-new what was applied before', () => {
    const before = createSignalDedup();
    before.markApplied({ inboxId: 'a' });
    const after = createSignalDedup(before.appliedIds);
    expect([after.markApplied({ inboxId: 'a' }), after.markApplied({ inboxId: 'b' })]).toEqual([false, true]);
  });

  it('keeps the last 500 and forgets the oldest first', () => {
    const intake = createSignalDedup();
    for (const inboxId of ids(501)) intake.markApplied({ inboxId });
    expect(intake.appliedIds).toHaveLength(500);
    expect(intake.markApplied({ inboxId: 'id-1' })).toBe(false);
    expect(intake.markApplied({ inboxId: 'id-0' })).toBe(true);
  });
});
