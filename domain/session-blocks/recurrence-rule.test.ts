import { describe, expect, it } from 'vitest';
import { endingAt, readRuleParts, ruleOf, untilOf } from './recurrence-rule.ts';

describe('the rule of a session block', () => {
  it.each([
    ['FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218', 'FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218'],
    [' rrule:freq=weekly;byday=tu,th; ', 'FREQ=WEEKLY;BYDAY=TU,TH'],
    ['FREQ=MONTHLY;BYDAY=-1FR,+2MO;INTERVAL=2', 'FREQ=MONTHLY;BYDAY=-1FR,+2MO;INTERVAL=2'],
    ['FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=1000', 'FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=1000'],
    ['FREQ=DAILY;UNTIL=20261218T120000Z;WKST=MO', 'FREQ=DAILY;UNTIL=20261218T120000Z;WKST=MO'],
    ['FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=-1,31', 'FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=-1,31'],
  ])('can be %s', (rule, text) => {
    expect(ruleOf(readRuleParts(rule))).toBe(text);
  });

  it.each([
    ['BYDAY=TU', 'The rule has no FREQ.'],
    ['FREQ=HOURLY', '"HOURLY" is not a value of FREQ'],
    ['FREQ=SECONDLY;COUNT=5', '"SECONDLY" is not a value of FREQ'],
    ['FREQ=DAILY;BYHOUR=9,10', 'has the part "BYHOUR"'],
    ['FREQ=YEARLY;BYWEEKNO=20', 'has the part "BYWEEKNO"'],
    ['FREQ=DAILY;COUNT=1000000', '"1000000" is not a value of COUNT'],
    ['FREQ=DAILY;COUNT=0', '"0" is not a value of COUNT'],
    ['FREQ=DAILY;INTERVAL=0', '"0" is not a value of INTERVAL'],
    ['FREQ=DAILY;COUNT=2;UNTIL=20261218', 'both COUNT and UNTIL'],
    ['FREQ=DAILY;COUNT=2;COUNT=3', 'has COUNT twice'],
    ['FREQ=DAILY;UNTIL=20261332', '"20261332" is not a value of UNTIL'],
    ['FREQ=DAILY;UNTIL=20260230', '"20260230" is not a value of UNTIL'],
    ['FREQ=DAILY;UNTIL=20261218T250000Z', 'is not a value of UNTIL'],
    ['FREQ=DAILY;UNTIL=20261218T120000', 'is not a value of UNTIL'],
    ['FREQ=WEEKLY;BYDAY=1TU', 'BYDAY has a number'],
    ['FREQ=WEEKLY;BYDAY=XX', '"XX" is not a value of BYDAY'],
    ['FREQ=WEEKLY;BYDAY=', '"" is not a value of BYDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', '"32" is not a value of BYMONTHDAY'],
    ['FREQ=WEEKLY;BYDAY=TU\nDTSTART:20260101', 'which session blocks do not use'],
    ['FREQ=DAILY=X', '"DAILY=X" is not a value of FREQ'],
    ['__proto__=1', 'has the part "__PROTO__"'],
    ['', 'The rule has no FREQ.'],
  ])('cannot be %s', (rule, message) => {
    expect(() => readRuleParts(rule, ['/recurrence/rule'])).toThrow(
      expect.objectContaining({
        code: 'invalid_recurrence',
        message: expect.stringContaining(message),
        pointers: ['/recurrence/rule'],
      }),
    );
  });

  it('ends at another moment, in UTC and without COUNT', () => {
    const moment = Date.parse('2026-12-08T08:59:59Z');
    expect(endingAt('FREQ=WEEKLY;COUNT=9;BYDAY=TU', moment)).toBe(
      'FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208T085959Z',
    );
    expect(endingAt('FREQ=DAILY;UNTIL=20261218', moment)).toBe('FREQ=DAILY;UNTIL=20261208T085959Z');
  });

  it('includes the whole last day', () => {
    expect(untilOf('20261218')).toBe(Date.UTC(2026, 11, 18, 23, 59));
  });
});
