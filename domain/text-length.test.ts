import { describe, expect, it } from 'vitest';
import { cutText } from './text-length.ts';

describe('cutText', () => {
  it.each([
    ['a short text', 'abc', 3, 'abc'],
    ['a long text', 'abcd', 3, 'abc'],
    ['an emoji at the limit', 'ab\u{1F3AD}', 3, 'ab'],
    ['an emoji before the limit', 'ab\u{1F3AD}c', 4, 'ab\u{1F3AD}'],
    ['a family of four people', 'a\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}', 8, 'a'],
    ['a letter with a combining accent', 'cafe\u0301', 4, 'caf'],
  ])('cuts %s', (_name, text, longest, expected) => {
    expect(cutText(text, longest)).toBe(expected);
  });
});
