/** `temporal-dev.yaml`, parsed, and turned into the arguments of `temporal server start-dev`. */
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
    dynamicConfig: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
    ui: z.object({ codecEndpoint: z.string() }).strict(),
  })
  .strict();
export type TemporalDev = z.infer<typeof temporalDevSchema>;

/** Throws with the key that is wrong, and what is expected there. */
export const parseTemporalDev = (text: string): TemporalDev => {
  const parsed = temporalDevSchema.safeParse(parse(text));
  if (!parsed.success) throw new Error(`temporal-dev.yaml:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

export const loadTemporalDev = async (): Promise<TemporalDev> =>
  parseTemporalDev(await readFile(projectPath('temporal-dev.yaml'), 'utf8'));

export interface DevServerOptions {
  readonly port: number;
  /** Absent: no Web UI. */
  readonly ui?: { readonly port: number; readonly apiUrl: string } | undefined;
  /** Absent: everything in memory, gone at the end. */
  readonly databaseFile?: string | undefined;
}

/** The command line of the development server; its own options are on `temporal server start-dev --help`. */
export const devServerArguments = (settings: TemporalDev, place: DevServerOptions): readonly string[] => [
  'server',
  'start-dev',
  '--ip',
  '127.0.0.1',
  '--port',
  String(place.port),
  '--namespace',
  settings.namespace,
  ...pairs('--search-attribute', settings.searchAttributes),
  ...Object.entries(settings.dynamicConfig).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]),
  ...(place.databaseFile === undefined
    ? []
    : ['--db-filename', place.databaseFile, ...pairs('--sqlite-pragma', settings.sqlitePragmas)]),
  ...(place.ui === undefined
    ? ['--headless']
    : [
        '--ui-port',
        String(place.ui.port),
        '--ui-codec-endpoint',
        settings.ui.codecEndpoint.replace('{api}', place.ui.apiUrl),
      ]),
];

const pairs = (option: string, values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([key, value]) => [option, `${key}=${value}`]);
