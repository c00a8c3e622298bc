import { expect, it } from 'vitest';
import { mayBeSeeded } from './local-organization.ts';

const given = 'postgres://castmatch@db.example.com/castmatch';

it.each([
  [{}, true],
  [{ DATABASE_URL: '' }, true],
  [{ CASTMATCH_ENV: 'local' }, true],
  [{ CASTMATCH_ENV: 'staging' }, false],
  [{ DATABASE_URL: given }, false],
  [{ DATABASE_URL: given, CASTMATCH_ENV: 'production' }, false],
  [{ DATABASE_URL: given, CASTMATCH_ENV: 'local' }, true],
  [{ DATABASE_URL: given, CASTMATCH_ENV: 'test' }, true],
])('the public keys of this repository, with %j: %s', (env, may) => {
  expect(mayBeSeeded(env)).toBe(may);
});
