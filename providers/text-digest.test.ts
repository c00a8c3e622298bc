import { describe, expect, it } from 'vitest';
import { changedTexts, textMarkOf } from './text-digest.ts';

const texts = { summary: 'Audition: Ophelia', description: 'First round', location: 'Studio 2' };
const theirs = { ...texts, summary: 'My big day' };
/** What the version before wrote for these texts. */
const formerMark = '2dc637290736a33e99188570';

const changed = (...[mark, ours, stored]: Parameters<typeof changedTexts>) =>
  [...changedTexts(mark, ours, stored)].sort();

describe('the texts of an event', () => {
  it('are not written while ours are those that were written last, whatever the event contains', () => {
    expect(changed(textMarkOf(texts), texts, theirs)).toEqual([]);
  });

  it.each([
    ['summary', { ...texts, summary: 'Audition: Hamlet' }],
    ['description', { ...texts, description: '' }],
    ['location', { ...texts, location: undefined }],
  ] as const)('are written in the field that is another one: %s', (field, ours) => {
    expect(changed(textMarkOf(texts), ours, theirs)).toEqual([field]);
  });

  it('take no text of one field for that of another', () => {
    const swapped = { ...texts, description: texts.location, location: texts.description };
    expect(changed(textMarkOf(texts), swapped, texts)).toEqual(['description', 'location']);
  });

  it('are all written over a mark of an earlier version, if one of them is another one', () => {
    expect(changed(formerMark, texts, theirs)).toEqual([]);
    expect(changed(formerMark, { ...texts, location: 'Attic' }, theirs)).toEqual([
      'description',
      'location',
      'summary',
    ]);
  });

  it('are compared with those of the event when it has no mark', () => {
    expect(changed(undefined, texts, theirs)).toEqual(['summary']);
    expect(changed(undefined, { ...texts, location: undefined }, { ...texts, location: '' })).toEqual([]);
  });

  it('have a mark that fits into a private property of a Google event', () => {
    expect(textMarkOf({ ...texts, description: 'x'.repeat(8_000) }).length).toBeLessThan(100);
  });
});
