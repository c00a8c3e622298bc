/** Where everything is, once it runs. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Address } from './parts/part.ts';
import type { LocalKeys } from './stack.ts';

export const addressTable = ({
  addresses,
  keys,
}: {
  readonly addresses: readonly Address[];
  readonly keys: LocalKeys | undefined;
}): string => {
  const table = new Table({ style: { head: [], border: [] } });
  for (const { name, address, note } of addresses) {
    table.push([pc.bold(name), note === undefined ? address : `${address}  ${pc.dim(`(${note})`)}`]);
  }
  table.push([
    pc.bold('API keys'),
    keys
      ? `${keys.backend}\n${keys.operator}\n${keys.admin}`
      : 'those of the given database; CASTMATCH_ENV=local adds local ones',
  ]);
  return table.toString();
};
