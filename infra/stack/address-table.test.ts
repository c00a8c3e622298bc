import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { addressTable } from './address-table.ts';
import { webUiLinks } from './web-ui-links.ts';

const apiKeys = {
  backend: 'castmatch-local-backend-key',
  operator: 'castmatch-local-operator-key',
  admin: 'castmatch-local-admin-key',
} as const;

it('the table of addresses fits 100 columns and cuts no address', () => {
  const ui = 'http://127.0.0.1:8233';
  const simulated =
    'Google, Microsoft, Zoom, Apple and Twilio, because no credentials are set for them'.repeat(2);
  const addresses = [
    { name: 'API', address: 'http://127.0.0.1:3000', note: 'port 3000 is taken' },
    { name: 'Provider sandbox', address: 'http://127.0.0.1:4010', note: simulated },
    { name: 'Temporal Web UI', address: ui },
    ...webUiLinks(`${ui}/namespaces/default/workflows`),
  ];
  const shown = stripVTControlCharacters(addressTable({ addresses, apiKeys }));
  const [table, ...links] = shown.split('┘\n');
  for (const line of table?.split('\n') ?? []) expect(line.length).toBeLessThanOrEqual(100);
  for (const { address } of addresses) expect(shown.split(/[\s│]+/u)).toContain(address);
  expect(links.join('').split('\n')).toContain('needs an operator');
});
