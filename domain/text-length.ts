/** Shortens texts for systems that limit their length. */

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Returns the beginning of the text, at most `longest` UTF-16 code units long. Cuts between characters as people see
 * them, so that no emoji and no letter with an accent is split.
 */
export const cutText = (text: string, longest: number): string => {
  if (text.length <= longest) return text;
  let end = 0;
  for (const { index, segment } of characters.segment(text)) {
    if (index + segment.length > longest) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
};
