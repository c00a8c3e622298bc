/** Collects the state of the machine. Changes nothing and fetches nothing. */
import { statfs } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import getPort from 'get-port';
import { loadTemporalClientConfiguration } from '../../../foundation/configuration/configuration.ts';
import { projectPath } from '../paths.ts';
import { preferredPorts } from '../ports.ts';
import { postgresBinariesFolder } from '../postgres/binaries.ts';
import { findTemporalCli } from '../temporal-cli.ts';
import { loadTemporalDev } from '../temporal-dev.ts';
import { readRetentionDays } from '../temporal-retention.ts';
import { findTestServer } from '../temporal-test-server.ts';
import type { PortState, SystemState } from './findings.ts';

export const inspectSystem = async (env: NodeJS.ProcessEnv): Promise<SystemState> => {
  const [npm, go, java, maven, chromium, cli, testServer, postgresProblem, ports, disk] = await Promise.all([
    firstLine('npm', ['--version']),
    firstLine('go', ['version']),
    firstLine('java', ['-version']),
    firstLine('mvn', ['--version']),
    firstOf(['chromium', 'chromium-browser', 'google-chrome']),
    findTemporalCli(),
    findTestServer(),
    postgresBinariesFolder().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
    inspectPorts(),
    statfs(projectPath()),
  ]);
  return {
    node: process.version,
    npm,
    go,
    java,
    maven,
    chromium,
    temporalCli: cli,
    testServer,
    postgresProblem,
    ports,
    freeDiskBytes: disk.bavail * disk.bsize,
    external: { temporal: Boolean(env.TEMPORAL_ADDRESS), database: Boolean(env.DATABASE_URL) },
    retentionDays: env.TEMPORAL_ADDRESS ? await retentionOf(env) : undefined,
  };
};

/** Undefined when the server does not answer or does not tell. */
const retentionOf = async (env: NodeJS.ProcessEnv): Promise<number | undefined> => {
  try {
    const { temporal } = loadTemporalClientConfiguration({
      ...env,
      CASTMATCH_ENV: env.CASTMATCH_ENV || 'local',
    });
    return await readRetentionDays(temporal);
  } catch {
    return undefined;
  }
};

/** Returns the version line of a program. Java prints it to stderr. */
const firstLine = async (program: string, options: readonly string[]): Promise<string | undefined> => {
  const { exitCode, all } = await execa(program, options, { reject: false, all: true, timeout: 20_000 });
  if (exitCode !== 0) return undefined;
  const lines = stripVTControlCharacters(all).split('\n');
  return lines.find((line) => /\d+\.\d+/.test(line));
};

const firstOf = async (programs: readonly string[]): Promise<string | undefined> => {
  const found = await Promise.all(programs.map((program) => firstLine(program, ['--version'])));
  return found.find((line) => line !== undefined);
};

const inspectPorts = async (): Promise<readonly PortState[]> => {
  const { ports } = await loadTemporalDev();
  const wanted = { ...preferredPorts, Temporal: ports.grpc, 'the Temporal Web UI': ports.ui };
  const states: PortState[] = [];
  for (const [purpose, port] of Object.entries(wanted)) {
    states.push({ purpose, port, free: (await getPort({ port })) === port });
  }
  return states;
};
