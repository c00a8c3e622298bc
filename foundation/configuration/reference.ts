/** Renders docs/configuration.md from the table of variables. A test keeps the file up to date. */
import { defaultsFor } from './defaults.ts';
import type { VariableGroup } from './variable-group.ts';
import { variableMetadata } from './variable-types.ts';

const introduction = `# Configuration

All settings are environment variables. A process reads them once, at its start. A process with missing or wrong
variables does not start. It prints one error that lists each of them and the value to set. An empty variable counts
as not set. White space around a value is removed, such as the line break at the end of a secret from a file.

\`npm start\` sets all of them for the local stack. To try a real provider locally, set its variables first.

In \`staging\` and \`production\`:

- there are no default credentials, and the local ones in this table are refused;
- the addresses of the providers, the mail server, Temporal and this service must not lead back to the machine, and
  web addresses must be \`https://\`;
- master keys must be your own: \`openssl rand -base64 32\`.

A process without \`CASTMATCH_ENV\` follows the rules of \`production\`.

\`DATABASE_OWNER_URL\` is for the migration program alone (docs/runbooks/database.md, "Roles"): do not set it for API and
worker, which must not have the rights of the owner.

This page is generated from \`foundation/configuration/variables.ts\` and \`providers/<vendor>/settings.ts\`.
`;

const rowOf = (name: string, about: string, form: string, local?: string, deployed?: string): string => {
  const cells = [`\`${name}\``, about, form, code(local), code(deployed)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
};

const code = (value: string | undefined): string => {
  if (value === undefined) return 'none';
  return value === '' ? 'empty' : `\`${value}\``;
};

/**
 * Returns the text of docs/configuration.md.
 *
 * @throws {Error} when a variable has no description.
 */
export const renderReference = (described: readonly VariableGroup[]): string => {
  const localDefaults = defaultsFor('local', described);
  const deployedDefaults = defaultsFor('production', described);
  const groups = new Map<string, string[]>();
  for (const [name, schema] of described.flatMap(({ shape }) => Object.entries(shape))) {
    const facts = variableMetadata.get(schema);
    if (facts === undefined) throw new Error(`${name} has no description: register it with variableMetadata`);
    const required = !schema.safeParse(undefined).success;
    const row = rowOf(
      name,
      facts.about,
      required ? facts.form : `${facts.form} (optional)`,
      new Map(Object.entries(localDefaults)).get(name),
      new Map(Object.entries(deployedDefaults)).get(name),
    );
    groups.set(facts.group, [...(groups.get(facts.group) ?? []), row]);
  }
  const tables = [...groups].map(([group, rows]) =>
    [
      `## ${group}`,
      '',
      '| variable | what it is | how to set it | default in local, test | default in staging, production |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  );
  return [introduction, ...tables]
    .join('\n')
    .replaceAll('\n## ', '\n\n## ')
    .replaceAll('\n\n\n', '\n\n')
    .concat('\n');
};
