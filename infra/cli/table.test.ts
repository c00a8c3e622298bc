import { describe, expect, it } from 'vitest';
import { renderFacts, renderTable } from './table.ts';

const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
const wordsOf = (text: string): readonly string[] => text.split(/[\s│]+/u).filter((word) => word !== '');

/** Ids as this service makes them: 26 digits, and a number for an item. */
const audition = `aud_${'k7'.repeat(13)}`;
const item = `att_${audition}-12`;

describe('renderTable', () => {
  it.each([
    ['an id beside sentences', ['item', 'what'], [item, 'smtp does not accept our messages: '.repeat(9)]],
    [
      'a list of auditions',
      ['audition', 'project, role', 'state', 'slot', 'attention'],
      [
        audition,
        'the-lighthouse-keepers-daughter\ncaptain',
        'closed: cancelled',
        '2026-12-01T09:00Z',
        'calendar_conflict, meeting',
      ],
    ],
    [
      'more words than fit beside each other',
      ['item', 'audition', 'connection', 'event'],
      [item, audition, 'conn_casting_director', `google ${'e5'.repeat(20)}`],
    ],
    ['the longest ids', ['audition', 'project'], [`aud_${'a1'.repeat(32)}`, 'night-ferry'.repeat(6)]],
  ] as const)('fits 100 columns and keeps each word whole: %s', (_case, head, row) => {
    const table = renderTable(head, [row]);
    expect(widthOf(table)).toBeLessThanOrEqual(100);
    expect(wordsOf(table)).toEqual(
      expect.arrayContaining([...row.flatMap(wordsOf), ...head.flatMap(wordsOf)]),
    );
  });

  it('cuts only a word that is longer than a line', () => {
    const link = `https://zoom.test/j/${'1'.repeat(300)}`;
    const table = renderTable(['meeting'], [[link]]);
    expect(widthOf(table)).toBeLessThanOrEqual(100);
    expect(wordsOf(table).join('')).toContain(link);
  });

  it('does not wrap a table that fits', () => {
    const table = renderTable(['audition', 'state'], [['aud_1', 'closed']]);
    expect(table).toContain('│ aud_1    │ closed │');
  });
});

describe('renderFacts', () => {
  it('fits 100 columns, and does not count the codes of colours', () => {
    const bold = `${String.fromCodePoint(27)}[1mmeeting${String.fromCodePoint(27)}[22m`;
    const facts = renderFacts([
      [bold, `https://zoom.test/j/${'1'.repeat(300)}`],
      ['place', 'the second door on the left, '.repeat(8)],
    ]);
    expect(widthOf(facts.replaceAll(bold, 'meeting'))).toBeLessThanOrEqual(100);
    expect(facts.split('\n')[1]?.replaceAll(bold, 'meeting')).toMatch(/^│ meeting │ https/);
  });
});
