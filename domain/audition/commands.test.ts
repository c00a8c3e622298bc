import { describe, expect, it } from 'vitest';
import { cancelSchema, resolveAttentionSchema } from './commands.ts';

const override = (joinUrl: string) =>
  resolveAttentionSchema.safeParse({ action: 'override', value: { joinUrl } }).data;

describe('the link of a meeting made by hand', () => {
  it.each(['https://meet.example.com/by-hand?pwd=1', 'http://localhost:4010/j/1', 'http://127.0.0.1/j/1'])(
    'may be %s',
    (joinUrl) => {
      expect(override(joinUrl)).toMatchObject({ value: { joinUrl } });
    },
  );

  it.each([
    'http://meet.example.com/by-hand',
    'http://localhost.example.com/j/1',
    'javascript:alert(1)',
    'ftp://meet.example.com',
    'meet.example.com/by-hand',
    `https://meet.example.com/${'x'.repeat(2_000)}`,
  ])('may not be %s', (joinUrl) => {
    expect(override(joinUrl)).toBeUndefined();
  });

  it('is written in a form that every mail and database takes', () => {
    expect(override('https://meet.example.com/\ud800 a')).toMatchObject({
      value: { joinUrl: 'https://meet.example.com/%EF%BF%BD%20a' },
    });
  });
});

it('takes no reason with control characters or half characters', () => {
  expect(cancelSchema.safeParse({ reason: 'ill\0' }).success).toBe(false);
  expect(cancelSchema.safeParse({ reason: 'ill\ud800' }).success).toBe(false);
  expect(cancelSchema.parse({ reason: ' ill ' })).toEqual({ reason: 'ill' });
});
