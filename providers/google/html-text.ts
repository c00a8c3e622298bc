/** Writes plain text into a field that Google reads as HTML, and reads it from there. */

/**
 * Returns the text as HTML that shows the same text. Escapes only what would be read as a tag or as a character reference: other
 * programs show the field as it is. Line breaks need no tag. "Description of the event. Can contain HTML":
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#description
 */
export const htmlTextOf = (text: string): string =>
  text.replaceAll(/&(?=#?\w+;)/g, '&amp;').replaceAll('<', '&lt;');

/**
 * Returns the text that the HTML shows. Google's editor writes a description again with tags of its own when a person edits anything
 * else of the event. That changes no text.
 */
export const textOfHtml = (html: string): string =>
  html
    .replaceAll(/<br\s*\/?>/gi, '\n')
    .replaceAll(/<\/?(?:a|b|em|html-blob|i|span|strong|u)(?:\s[^>]*)?>/gi, '')
    .replaceAll(/&(?:amp|gt|lt|nbsp|quot|#39);/g, (reference) => characters.get(reference) ?? reference);

const characters: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&gt;', '>'],
  ['&lt;', '<'],
  ['&nbsp;', ' '],
  ['&quot;', '"'],
  ['&#39;', "'"],
]);
