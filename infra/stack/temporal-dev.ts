/** Parses `temporal-dev.yaml` and builds the arguments of `temporal server start-dev`. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectPath } from './paths.ts';

const port = z.int().min(1).max(65_535);

const searchAttributeTypes = ['Keyword', 'Datetime', 'Text', 'Int', 'Double', 'Bool', 'KeywordList'] as const;
export type SearchAttributeTypeName = (typeof searchAttributeTypes)[number];

const temporalDevSchema = z
  .object({
    namespace: z.string().regex(/^[a-z0-9][a-z0-9-]{1,62}$/),
    ports: z.object({ grpc: port, ui: port }).strict(),
    searchAttributes: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/), z.enum(searchAttributeTypes)),
    sqlitePragmas: z.record(z.string(), z.string()),
    retentionDays: z.int().min(1).max(365),
    dynamicConfig: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
    ui: z.object({ codecEndpoint: z.string() }).strict(),
  })
  .strict();
export type TemporalDev = z.infer<typeof temporalDevSchema>;

/**
 * Parses the text of `temporal-dev.yaml`.
 *
 * @throws {Error} naming each invalid key and its expected form.
 */
export const parseTemporalDev = (text: string): TemporalDev => {
  const parsed = temporalDevSchema.safeParse(parse(text));
  if (!parsed.success) throw new Error(`temporal-dev.yaml:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

/** Reads `temporal-dev.yaml` of the checkout. */
export const loadTemporalDev = async (): Promise<TemporalDev> =>
  parseTemporalDev(await readFile(projectPath('temporal-dev.yaml'), 'utf8'));

export interface DevServerOptions {
  readonly port: number;
  /** Undefined disables the Web UI. */
  readonly ui?: { readonly port: number; readonly apiUrl: string } | undefined;
  /** Undefined keeps all data in memory. */
  readonly databaseFile?: string | undefined;
}

/** Returns the arguments of the development server. `temporal server start-dev --help` lists all options. */
export const devServerArguments = (settings: TemporalDev, options: DevServerOptions): readonly string[] => [
  'server',
  'start-dev',
  '--ip',
  '127.0.0.1',
  '--port',
  String(options.port),
  '--namespace',
  settings.namespace,
  ...pairs('--search-attribute', settings.searchAttributes),
  ...Object.entries(settings.dynamicConfig).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]),
  ...(options.databaseFile === undefined
    ? []
    : ['--db-filename', options.databaseFile, ...pairs('--sqlite-pragma', settings.sqlitePragmas)]),
  ...(options.ui === undefined
    ? ['--headless']
    : [
        '--ui-port',
        String(options.ui.port),
        '--ui-codec-endpoint',
        settings.ui.codecEndpoint.replace('{api}', options.ui.apiUrl),
      ]),
];

const pairs = (option: string, values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([key, value]) => [option, `${key}=${value}`]);
