import { expect, it } from 'vitest';
import { mayBeSeeded } from './local-organization.ts';

const externalDatabase = 'postgres://castmatch@db.example.com/castmatch';

it.each([
  [{}, true],
  [{ DATABASE_URL: '' }, true],
  [{ CASTMATCH_ENV: 'local' }, true],
  [{ CASTMATCH_ENV: 'staging' }, false],
  [{ DATABASE_URL: externalDatabase }, false],
  [{ DATABASE_URL: externalDatabase, CASTMATCH_ENV: 'production' }, false],
  [{ DATABASE_URL: externalDatabase, CASTMATCH_ENV: 'local' }, true],
  [{ DATABASE_URL: externalDatabase, CASTMATCH_ENV: 'test' }, true],
])('mayBeSeeded with %j returns %s', (env, expected) => {
  expect(mayBeSeeded(env)).toBe(expected);
});
