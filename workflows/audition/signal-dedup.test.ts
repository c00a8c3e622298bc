import { describe, expect, it } from 'vitest';
import { createSignalDedup } from './signal-dedup.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

describe('signal deduplication', () => {
  it('applies each inbox id once, in any order', () => {
    const dedup = createSignalDedup();
    const applied = ['b', 'a', 'b', 'a', 'c'].filter((inboxId) => dedup.markApplied({ inboxId }));
    expect(applied).toEqual(['b', 'a', 'c']);
  });

  it('applies every fact without an inbox id', () => {
    const dedup = createSignalDedup();
    expect([dedup.markApplied({}), dedup.markApplied({})]).toEqual([true, true]);
    expect(dedup.appliedIds).toEqual([]);
  });

  it('remembers the applied ids after continue-as-new', () => {
    const before = createSignalDedup();
    before.markApplied({ inboxId: 'a' });
    const after = createSignalDedup(before.appliedIds);
    expect([after.markApplied({ inboxId: 'a' }), after.markApplied({ inboxId: 'b' })]).toEqual([false, true]);
  });

  it('keeps the last 500 and forgets the oldest first', () => {
    const dedup = createSignalDedup();
    for (const inboxId of ids(501)) dedup.markApplied({ inboxId });
    expect(dedup.appliedIds).toHaveLength(500);
    expect(dedup.markApplied({ inboxId: 'id-1' })).toBe(false);
    expect(dedup.markApplied({ inboxId: 'id-0' })).toBe(true);
  });
});
