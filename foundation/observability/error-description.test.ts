import { DrizzleQueryError } from 'drizzle-orm';
import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { describeError } from './error-description.ts';

describe('describeError', () => {
  it('shows the SQLSTATE and stack of a database error without the statement', () => {
    const cause = new DatabaseError('value too long: Ada Example', 30, 'error');
    cause.code = '22001';
    const described = describeError(new DrizzleQueryError('INSERT INTO people', ['Ada Example'], cause));
    expect(described).toMatchObject({
      type: 'DatabaseError',
      code: '22001',
      stack: expect.stringContaining('at '),
    });
    expect(JSON.stringify(described)).not.toMatch(/Ada|INSERT/);
  });

  it('shows any other error unchanged', () => {
    expect(describeError(new TypeError('no such thing'))).toMatchObject({
      type: 'TypeError',
      message: 'no such thing',
    });
  });
});
