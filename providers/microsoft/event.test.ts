import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { outlookEvent } from '../../tests/harness/outlook-calendar.ts';
import { changeOf, graphEventSchema } from './event.ts';
import { propertiesOf, useOf } from './event-marks.ts';

const event = outlookEvent({ location: 'Room 1' });

/** An event that the version before has written. */
const stored = () => {
  const texts = JSON.stringify([event.summary, event.description, event.location]);
  const text = createHash('sha256').update(texts).digest('hex').slice(0, 24);
  const { reference, revision, slot } = event;
  return graphEventSchema.parse({
    id: 'AAMk1',
    start: { dateTime: slot.start.replace('Z', '0000'), timeZone: 'UTC' },
    end: { dateTime: slot.end.replace('Z', '0000'), timeZone: 'UTC' },
    ...propertiesOf(event.eventId, { reference, revision, text, uses: useOf(event.use) }),
  });
};

describe('an event with the mark of an earlier version', () => {
  it('is not changed while our texts are the same', () => {
    expect(changeOf(stored(), event)).toBeUndefined();
  });

  it('gets all texts when one is another one, because it is unknown which one a person has edited', () => {
    expect(changeOf(stored(), { ...event, location: 'Room 2' })).toMatchObject({
      subject: event.summary,
      body: { content: event.description },
      location: { displayName: 'Room 2' },
    });
  });
});
