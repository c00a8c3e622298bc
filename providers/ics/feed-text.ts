/** Recognizes whether the answer of a feed is a calendar. */

/** `incomplete`: the text begins as a calendar, and its end is missing. */
export type FeedKind = 'calendar' | 'incomplete' | 'web_page' | 'other';

/** Returns what the text is. The media type does not decide: many servers send calendars as another one. */
export const kindOfFeed = (text: string, contentType: string | null): FeedKind => {
  if (/^\s*BEGIN:\s*VCALENDAR\s*$/im.test(text.slice(0, 1_000))) {
    return /^END:\s*VCALENDAR\s*$/im.test(text.slice(-1_000)) ? 'calendar' : 'incomplete';
  }
  const isPage = /^\s*(<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html)/i.test(text);
  return isPage || contentType?.includes('text/html') ? 'web_page' : 'other';
};
