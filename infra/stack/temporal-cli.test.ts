import { expect, it } from 'vitest';
import { serverIsRecentEnough } from './temporal-cli.ts';

it.each([
  ['temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', true],
  ['temporal version 0.0.0-DEV (Server 1.28.0, UI 2.42.1)', true],
  ['temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', true],
  ['temporal version 1.1.0 (Server 1.25.1, UI 2.30.3)', false],
  ['tctl version 1.18.0', false],
  ['', false],
])('serverIsRecentEnough for "%s" returns %s', (line, usable) => {
  expect(serverIsRecentEnough(line)).toBe(usable);
});
