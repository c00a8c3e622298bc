/** Returns the table of addresses and API keys of a running stack. */
import pc from 'picocolors';
import { renderFacts } from '../cli/table.ts';
import type { Address } from './parts/part.ts';
import type { LocalApiKeys } from './stack.ts';

/** An address that is longer is below the table: a person copies or clicks it, so it is not cut. */
const longest = 72;

const isShort = ({ address }: Address): boolean => address.length <= longest;

export const addressTable = ({
  addresses,
  apiKeys,
}: {
  readonly addresses: readonly Address[];
  readonly apiKeys: LocalApiKeys | undefined;
}): string => {
  const table = renderFacts([
    ...addresses.filter(isShort).map(({ name, address, note }): [string, string] => [
      pc.bold(name),
      // Each word has its own codes: a wrapped line must not colour the next cell.
      note === undefined
        ? address
        : `${address}  ${`(${note})`
            .split(' ')
            .map((word) => pc.dim(word))
            .join(' ')}`,
    ]),
    [
      pc.bold('API keys'),
      apiKeys
        ? `${apiKeys.backend}\n${apiKeys.operator}\n${apiKeys.admin}`
        : 'those in the external database; CASTMATCH_ENV=local adds local keys',
    ],
  ]);
  const links = addresses
    .filter((address) => !isShort(address))
    .map(({ name, address }) => `${pc.bold(name.trim())}\n  ${address}`);
  return [table, ...links].join('\n');
};
