import { describe, expect, it } from 'vitest';
import { renderFacts, renderTable } from './output.ts';

const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
const id = `aud_${'a1'.repeat(32)}`;

describe('renderTable', () => {
  it('fits 100 columns, and leaves out no character of the longest ids', () => {
    const row = [
      id,
      `${'night-ferry'.repeat(9)} / captain`,
      'closed: cancelled',
      '2026-12-01T09:00:00.000Z',
      'meeting',
    ];
    const table = renderTable(['audition', 'project / role', 'state', 'slot', 'attention'], [row]);
    expect(widthOf(table)).toBeLessThanOrEqual(100);
    const shown = table.split('\n').map((line) => line.split('│')[1]?.trim() ?? '');
    expect(shown.join('')).toContain(id);
  });

  it('keeps an id in one line when the other columns can give way', () => {
    const own = `aud_${'a1'.repeat(13)}`;
    const rows = [
      [
        own,
        'the-lighthouse-keepers-daughter\ncaptain',
        'closed: cancelled',
        '2026-12-01T09:00Z',
        'calendar, meeting',
      ],
    ];
    const table = renderTable(['audition', 'project, role', 'state', 'slot', 'attention'], rows);
    expect(table).toContain(`│ ${own} │`);
    expect(widthOf(table)).toBeLessThanOrEqual(100);
  });

  it('does not wrap a table that fits', () => {
    const table = renderTable(['audition', 'state'], [['aud_1', 'closed']]);
    expect(table).toContain('│ aud_1    │ closed │');
  });
});

it('renderFacts fits 100 columns', () => {
  expect(widthOf(renderFacts([['meeting', `https://zoom.test/j/${'1'.repeat(300)}`]]))).toBeLessThanOrEqual(
    100,
  );
});
