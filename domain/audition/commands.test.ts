import { describe, expect, it } from 'vitest';
import { cancelSchema, resolveAttentionSchema } from './commands.ts';

const override = (joinUrl: string) =>
  resolveAttentionSchema.safeParse({ action: 'override', value: { joinUrl } }).data;

describe('the link of a manually created meeting', () => {
  it.each(['https://meet.example.com/by-hand?pwd=1', 'http://localhost:4010/j/1', 'http://127.0.0.1/j/1'])(
    'accepts %s',
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
  ])('refuses %s', (joinUrl) => {
    expect(override(joinUrl)).toBeUndefined();
  });

  it('normalizes characters that emails and databases reject', () => {
    expect(override('https://meet.example.com/\ud800 a')).toMatchObject({
      value: { joinUrl: 'https://meet.example.com/%EF%BF%BD%20a' },
    });
  });
});

it('refuses a reason with control characters or lone surrogates', () => {
  expect(cancelSchema.safeParse({ reason: 'ill\0' }).success).toBe(false);
  expect(cancelSchema.safeParse({ reason: 'ill\ud800' }).success).toBe(false);
  expect(cancelSchema.parse({ reason: ' ill ' })).toEqual({ reason: 'ill' });
});
