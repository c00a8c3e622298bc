import { describe, expect, it } from 'vitest';
import { openIntake } from './intake.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

describe('the intake', () => {
  it('admits each id once, in whatever order they come', () => {
    const intake = openIntake();
    const admitted = ['b', 'a', 'b', 'a', 'c'].filter((inboxId) => intake.admits({ inboxId }));
    expect(admitted).toEqual(['b', 'a', 'c']);
  });

  it('admits what carries no id: it did not come through the inbox', () => {
    const intake = openIntake();
    expect([intake.admits({}), intake.admits({})]).toEqual([true, true]);
    expect(intake.applied).toEqual([]);
  });

  it('knows after continue-as-new what was applied before', () => {
    const before = openIntake();
    before.admits({ inboxId: 'a' });
    const after = openIntake(before.applied);
    expect([after.admits({ inboxId: 'a' }), after.admits({ inboxId: 'b' })]).toEqual([false, true]);
  });

  it('keeps the last 500 and forgets the oldest first', () => {
    const intake = openIntake();
    for (const inboxId of ids(501)) intake.admits({ inboxId });
    expect(intake.applied).toHaveLength(500);
    expect(intake.admits({ inboxId: 'id-1' })).toBe(false);
    expect(intake.admits({ inboxId: 'id-0' })).toBe(true);
  });
});
