/** Returns the table of addresses and API keys of a running stack. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Address } from './parts/part.ts';
import type { LocalApiKeys } from './stack.ts';

export const addressTable = ({
  addresses,
  apiKeys,
}: {
  readonly addresses: readonly Address[];
  readonly apiKeys: LocalApiKeys | undefined;
}): string => {
  const table = new Table({ style: { head: [], border: [] } });
  for (const { name, address, note } of addresses) {
    table.push([pc.bold(name), note === undefined ? address : `${address}  ${pc.dim(`(${note})`)}`]);
  }
  table.push([
    pc.bold('API keys'),
    apiKeys
      ? `${apiKeys.backend}\n${apiKeys.operator}\n${apiKeys.admin}`
      : 'those in the external database; CASTMATCH_ENV=local adds local keys',
  ]);
  return table.toString();
};
