/** Writes plain text into a field that Google reads as HTML. */

/**
 * Returns the text as HTML that shows the same text. Escapes only what would be read as a tag or as a character reference: other
 * programs show the field as it is. Line breaks need no tag. "Description of the event. Can contain HTML":
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#description
 */
export const htmlTextOf = (text: string): string =>
  text.replaceAll(/&(?=#?\w+;)/g, '&amp;').replaceAll('<', '&lt;');
