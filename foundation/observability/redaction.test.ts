import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { redact } from './redaction.ts';

const afterRedaction = (value: unknown): unknown => JSON.parse(redact(JSON.stringify(value)));

it.each([
  ['first line\nada@example.com', 'first line\n[email]'],
  ['<ada+agent@mail.exämple.co.uk>', '<[email]>'],
  ['to:\n+441234567890', 'to:\n[phone]'],
  ['\nauthorization: bearer abc.def.ghi', '\nauthorization: bearer [redacted]'],
  ['smtp://me:pw@mail.example.com:25', 'smtp://[redacted]@mail.example.com:25'],
  [
    'GET https://castmatch.example/respond/abc-D_e.fg1?x=1',
    'GET https://castmatch.example/respond/[redacted]?x=1',
  ],
  ['GET https://castmatch.example/r/7uTnE4RkQ1vZb9XyW', 'GET https://castmatch.example/r/[redacted]'],
  ['opened /j/7uTnE4RkQ1vZb9XyW twice', 'opened /j/[redacted] twice'],
  ['packages/r/routes.ts and /j/short', 'packages/r/routes.ts and /j/short'],
  [
    'GET https://castmatch.example/connections/b3Jn.0123456789abcdefghijkl/connect',
    'GET https://castmatch.example/connections/[redacted]/connect',
  ],
  ['at api/routes/connections/page.ts:12', 'at api/routes/connections/page.ts:12'],
  [
    '/callback?state=0123456789abcdef&code=4/0123456789abcdef&iss=https://a.example',
    '/callback?state=[redacted]&code=[redacted]&iss=https://a.example',
  ],
  [
    'grant_type=refresh_token&refresh_token=1//0123456789abcdef',
    'grant_type=refresh_token&refresh_token=[redacted]',
  ],
  ['/v1/feeds/b3JnXzEKYWRhCjE.AbCdEfGhIjKlMnOpQrStUv.ics', '/v1/feeds/[redacted]'],
  ['closed with code=ECONNRESET', 'closed with code=ECONNRESET'],
])('redact turns %j into %j', (before, after) => {
  expect(afterRedaction({ msg: before, list: [before] })).toEqual({ msg: after, list: [after] });
});

it('redact keeps text that is neither a secret nor personal data', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', ' ', '\n', '"', '\\', ':', '/', '@', '\u0007', 'é'),
  });
  // Credentials in an address are a secret.
  const word = text.filter((candidate) => !/:\/\/\S*@/.test(candidate));
  const harmless = fc.dictionary(
    word,
    fc.oneof(word, fc.array(word), fc.integer(), fc.boolean(), fc.constant(null)),
  );
  fc.assert(
    fc.property(harmless, (value) => {
      expect(afterRedaction(value)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('redact takes under two seconds for a million letters in a row', () => {
  const started = performance.now();
  redact(JSON.stringify({ msg: 'a'.repeat(1_000_000) }));
  expect(performance.now() - started).toBeLessThan(2_000);
});
