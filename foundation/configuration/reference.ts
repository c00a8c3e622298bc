/** docs/configuration.md, drawn from the table of variables, so that it cannot fall behind. */
import { defaultsFor } from './defaults.ts';
import type { VariableGroup } from './variable-group.ts';
import { variableMetadata } from './variable-types.ts';

const introduction = `# Configuration

Everything is set through environment variables. They are read once, at the start. A process that finds anything
wrong does not start: it prints one error that lists every variable that is missing or wrong and what to set it to.
An empty variable counts as one that is not set.

\`npm start\` sets all of them for the local stack. To try a real provider locally, set its variables before it.

In \`staging\` and \`production\`:

- there are no default credentials, and the local ones in this table are refused;
- addresses of the providers, of the mail server, of Temporal and of ourselves must not lead back to the machine,
  and web addresses must be \`https://\`;
- master keys must be your own: \`openssl rand -base64 32\`.

A process where \`CASTMATCH_ENV\` is not set is held to the rules of \`production\`.

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

export const renderReference = (described: readonly VariableGroup[]): string => {
  const localDefaults = defaultsFor('local', described);
  const deployedDefaults = defaultsFor('production', described);
  const groups = new Map<string, string[]>();
  for (const [name, schema] of described.flatMap(({ shape }) => Object.entries(shape))) {
    const facts = variableMetadata.get(schema);
    if (facts === undefined) throw new Error(`${name} is not described`);
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
