import { describe, expect, it } from 'vitest';
import {
  type SessionBlockDefinition,
  sessionBlockDefinitionSchema,
} from '../../domain/session-blocks/session-block.ts';
import { sessionsIn } from '../../providers/icalendar/session-occurrences.ts';
import { endBefore } from './ended-block.ts';

const block = (rule: string, added: readonly string[] = [], changes: object = {}): SessionBlockDefinition =>
  sessionBlockDefinitionSchema.parse({
    project: 'night-ferry',
    zone: 'Europe/Paris',
    start: '2026-12-01T10:00',
    end: '2026-12-01T13:00',
    recurrence: { rule, added: [...added] },
    slotMinutes: 15,
    ...changes,
  });

const startsOf = (definition: SessionBlockDefinition) =>
  sessionsIn(
    { definition, exceptions: [], isCancelled: false },
    { start: Date.parse('2026-11-01T00:00Z'), end: Date.parse('2030-01-01T00:00Z') },
  ).map(({ at }) => at);

describe('a block that ends before a session', () => {
  it.each([
    ['UNTIL as a date', 'FREQ=WEEKLY;UNTIL=20261215', '2027-01-12T10:00'],
    ['UNTIL in UTC', 'FREQ=WEEKLY;UNTIL=20261215T090000Z', '2027-01-12T10:00'],
    ['COUNT', 'FREQ=WEEKLY;COUNT=3', '2027-01-12T10:00'],
    ['COUNT that is far from the session', 'FREQ=MONTHLY;COUNT=2', '2029-06-12T10:00'],
  ])('keeps a rule with %s that ends before the session that was added', (_what, rule, from) => {
    const definition = block(rule, ['2027-01-05T10:00', from]);
    const ended = endBefore({ definition, exceptions: [] }, from).definition;
    expect(ended.recurrence).toMatchObject({ rule, added: ['2027-01-05T10:00'] });
    expect(startsOf(ended)).toEqual(startsOf(definition).filter((at) => at < from));
  });

  it.each([
    'FREQ=WEEKLY;UNTIL=20270301',
    'FREQ=WEEKLY;UNTIL=20270112',
    'FREQ=WEEKLY;COUNT=20',
    'FREQ=WEEKLY;COUNT=7',
    'FREQ=WEEKLY',
    'FREQ=DAILY;INTERVAL=7;COUNT=8',
  ])('has exactly the earlier sessions of %s', (rule) => {
    const from = '2027-01-12T10:00';
    const definition = block(rule, ['2027-01-06T09:00', '2027-02-01T09:00']);
    const ended = endBefore({ definition, exceptions: [] }, from).definition;
    expect(startsOf(ended)).toEqual(startsOf(definition).filter((at) => at < from));
  });
});
