/** Where everything is, once it runs. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { localKeys } from './local-organization.ts';
import type { Address } from './parts/part.ts';

export const addressTable = (addresses: readonly Address[]): string => {
  const table = new Table({ style: { head: [], border: [] } });
  for (const { name, address, note } of addresses) {
    table.push([pc.bold(name), note === undefined ? address : `${address}  ${pc.dim(`(${note})`)}`]);
  }
  table.push([pc.bold('API keys'), `${localKeys.backend}\n${localKeys.operator}`]);
  return table.toString();
};
