import { describe, expect, it } from 'vitest';
import type { OwnEvent } from '../../db/calendars/synced-events.ts';
import { auditionIdSchema } from '../../domain/ids.ts';
import { compareWithWritten } from './written-comparison.ts';

const event: OwnEvent = {
  connection: 'conn_1',
  calendar: 'calendar:1',
  eventId: 'e1',
  auditionId: auditionIdSchema.parse('aud_1'),
  participant: undefined,
  isForMeeting: false,
  hostsMeeting: false,
  change: 1,
  incarnation: undefined,
  isRemoved: false,
  isAllDay: false,
  start: '2031-07-01T12:00:00.000Z',
  end: '2031-07-01T12:30:00.000Z',
  markedRevision: 1,
  writtenRevision: 1,
  writtenStart: '2031-07-01T10:00:00.000Z',
  writtenEnd: '2031-07-01T10:30:00.000Z',
  writeStartedAt: '2031-06-01T09:00:00.000Z',
  writtenAt: '2031-06-01T09:00:02.000Z',
  readAt: '2031-06-01T09:00:05.000Z',
  seenRevision: 1,
  repairedRevision: undefined,
  isReported: false,
};

describe('an event at another time than was written', () => {
  it('was moved when it was read after the last write', () => {
    expect(compareWithWritten(event)).toMatchObject({ kind: 'moved', start: event.start });
  });

  it('was moved when the order of reading and write is unknown', () => {
    const during = { ...event, readAt: '2031-06-01T09:00:01.000Z' } as const;
    expect(compareWithWritten(during)).toMatchObject({ kind: 'moved' });
    expect(compareWithWritten({ ...event, writeStartedAt: undefined })).toMatchObject({ kind: 'moved' });
  });

  it('is compared with the next page when it was read before the same revision was written again', () => {
    const before = { ...event, readAt: '2031-06-01T08:59:59.000Z' } as const;
    expect(compareWithWritten(before)).toBe('in_progress');
    const asWritten = { ...before, start: event.writtenStart, end: event.writtenEnd };
    expect(compareWithWritten(asWritten)).toEqual({ kind: 'put_back' });
  });
});
