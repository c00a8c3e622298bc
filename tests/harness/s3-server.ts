/**
 * Starts a real server with the protocol of S3: VersityGW, over a directory. `VERSITYGW` names another executable; the
 * default is `versitygw` on the PATH, or in `.cache/bin`. Without one, its tests are skipped, and the run says so. Install
 * it with `GOBIN=$PWD/.cache/bin go install github.com/versity/versitygw/cmd/versitygw@v1.0.14`.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { S3Settings } from '../../providers/storage/settings.ts';
import { eventually } from './eventually.ts';
import { findFreePort } from './free-port.ts';

const cached = fileURLToPath(new URL('../../.cache/bin/versitygw', import.meta.url));

const executable = [env['VERSITYGW'], 'versitygw', cached].find(
  (program) => program !== undefined && spawnSync(program, ['--version']).status === 0,
);

/** Whether tests against the server can run. */
export const hasS3Server = executable !== undefined;

export interface S3Server {
  readonly settings: S3Settings & Required<Pick<S3Settings, 'endpoint' | 'credentials'>>;
  /** The same settings as environment variables of the service. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** Starts the server with one empty bucket. @throws {Error} when it is not installed; see `hasS3Server`. */
export const startS3Server = async (): Promise<S3Server> => {
  if (executable === undefined) throw new Error('versitygw is not installed');
  const folder = await mkdtemp(join(tmpdir(), 's3-'));
  // A directory below the root is a bucket.
  await mkdir(join(folder, 'buckets', 'recordings'), { recursive: true });
  await mkdir(join(folder, 'metadata'));
  const port = await findFreePort();
  const credentials = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key' };
  const server = execa(
    executable,
    [
      '--access',
      credentials.accessKeyId,
      '--secret',
      credentials.secretAccessKey,
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      'posix',
      '--sidecar',
      join(folder, 'metadata'),
      join(folder, 'buckets'),
    ],
    { reject: false, stdio: 'ignore' },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(endpoint).catch(() => undefined)) !== undefined, 20_000);
  const bucket = 'recordings';
  return {
    settings: { bucket, region: 'us-east-1', endpoint, usesPathStyle: true, credentials },
    env: {
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_PATH_STYLE: 'true',
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    close: async () => {
      server.kill();
      await server;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
