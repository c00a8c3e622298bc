/** Identifies the texts of an event that this service has written last. */
import { createHash } from 'node:crypto';
import type { CalendarEvent } from './ports.ts';

/**
 * Returns the digest of our texts. It is stored with the event: a text that a person has edited stays until ours is another
 * one, and no text is stored twice.
 */
export const textDigestOf = ({
  summary,
  description,
  location = '',
}: Pick<CalendarEvent, 'summary' | 'description' | 'location'>): string =>
  createHash('sha256')
    .update(JSON.stringify([summary, description, location]))
    .digest('hex')
    .slice(0, 24);
