import { describe, expect, it } from 'vitest';
import { changedTexts, editedTexts, overwrittenTexts, textMarkOf } from './text-digest.ts';

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

const edited = (...[usedMark, stored, salt]: Parameters<typeof editedTexts>) =>
  editedTexts(usedMark, stored, salt).map(({ text }) => text);

describe('the texts that a person has edited', () => {
  const mark = textMarkOf(texts);
  const asWritten = { title: texts.summary, place: texts.location };

  it('are found without those that are as they were written, and those that cannot be compared', () => {
    expect(edited(mark, asWritten, 'e1')).toEqual([]);
    expect(edited(mark, { ...asWritten, title: 'My big day' }, 'e1')).toEqual(['title']);
    expect(edited(mark, { title: '', place: '' }, 'e1')).toEqual(['title', 'place']);
    expect(edited(mark, { title: texts.summary, place: undefined }, 'e1')).toEqual([]);
  });

  it.each([undefined, formerMark])('are unknown with the mark %s', (former) => {
    expect(edited(former, { title: 'My big day', place: 'Attic' }, 'e1')).toEqual([]);
  });

  it('have the same digest in one event only', () => {
    const digests = ['e1', 'e1', 'e2'].map(
      (salt) => editedTexts(mark, { title: 'My big day' }, salt)[0]?.digest,
    );
    expect(new Set(digests).size).toBe(2);
  });

  it('are overwritten only where ours have changed to other texts', () => {
    const stored = { title: 'My big day', place: 'Attic' };
    const overwritten = (location: string) =>
      overwrittenTexts(mark, { ...texts, eventId: 'e1', location }, stored);
    expect(overwritten('Studio 2')).toEqual([]);
    expect(overwritten('Cellar')).toEqual(['place']);
    expect(overwritten('Attic')).toEqual([]);
  });
});
