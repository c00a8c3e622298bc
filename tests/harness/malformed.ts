/** Generates malformed texts, addresses and bodies for fuzzing. */
import * as fc from 'fast-check';

export const hostileTexts = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfffx',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-1',
  '1e309',
  '2147483648',
  '9007199254740993',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
  '2026-02-31T10:00',
  '2026-12-01T24:00',
  '+275760-09-13T00:00:00Z',
  'P366D',
  'PT0S',
  'PT99999999999999999999H',
  'x'.repeat(600),
  "'; DROP TABLE auditions; --",
  '%00',
  '../../etc/passwd',
);
export const text = fc.oneof(
  hostileTexts,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);

/** Percent-encodes the value, or returns an escape that no encoder produces: it is incomplete and not UTF-8. */
export const encoded = (value: string): string =>
  value === '%00' ? '%E0%A4%A' : encodeURIComponent(value.toWellFormed());

type Path = readonly (string | number)[];
const pathsIn = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([name, part]) => pathsIn(part, [...path, name]))]
    : [path];

const replacedAt = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((part: unknown, index) =>
      String(index) === String(step) ? replacedAt(part, rest, by) : part,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === step ? replacedAt(part, rest, by) : part]),
  );
};

/** Generates variants of a valid body with one or two parts replaced, and some unrelated JSON values. */
export const malformed = (good: unknown): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .array(
          fc.tuple(
            fc.constantFrom(...pathsIn(good)),
            fc.oneof({ weight: 4, arbitrary: text }, fc.jsonValue()),
          ),
          {
            minLength: 1,
            maxLength: 2,
          },
        )
        .map((changes) => changes.reduce((body, [path, by]) => replacedAt(body, path, by), good)),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
