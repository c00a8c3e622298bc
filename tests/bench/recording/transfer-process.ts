/**
 * Transfers one file of a recording in a process of its own, and prints how long it took and how its memory grew. `copy`
 * is a plain stream copy between the same two servers, without checksum, ledger and continuation. The stored file is
 * deleted after the measurement: otherwise the next transfer is slowed by what the disk has not yet written of this one.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { request } from 'undici';
import { z } from 'zod';
import type { RecordingCall, StoredFileResult, StoreFileInput } from '../../../activities/contract.ts';
import { createMediaActivities } from '../../../activities/index.ts';
import { createDatabaseClient } from '../../../db/client.ts';
import { createRepositories } from '../../../db/index.ts';
import { auditionIdSchema, organizationIdSchema } from '../../../domain/ids.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { type Configuration, loadConfiguration } from '../../../providers/configuration.ts';
import { createAccessTokens } from '../../../providers/oauth/access-tokens.ts';
import { operationOf } from '../../../providers/operations.ts';
import { createProviders } from '../../../providers/registry.ts';
import { createZoomClient } from '../../../providers/zoom/client.ts';
import { uuidInPath } from '../../../providers/zoom/recordings.ts';
import type { TransferResult } from './transfer-result.ts';

const taskSchema = z.object({
  mode: z.enum(['copy', 'service']).describe('The plain copy, or the activity of the service'),
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  meetingId: z.string(),
  warmUp: z.string().describe('The instance of a small recording'),
  instance: z.string().describe('The instance of the measured recording'),
});
type Task = z.infer<typeof taskSchema>;

const megabyte = 1_000_000;
const rssMb = (): number => process.memoryUsage.rss() / megabyte;

const listedSchema = z.object({
  download_access_token: z.string(),
  recording_files: z.array(z.object({ download_url: z.string(), file_size: z.number() })),
});

type Remove = () => Promise<void>;

/** Returns a function that deletes the copy. */
const copyTo = async (configuration: Configuration, body: Readable, size: number): Promise<Remove> => {
  const name = `plain-copy-${randomUUID()}`;
  const { storage } = configuration;
  if (storage.kind === 'file_system') {
    const path = join(storage.directory, name);
    await mkdir(dirname(path), { recursive: true });
    // Flushed to the disk at its end, as every stored recording is.
    await pipeline(body, createWriteStream(path, { flush: true }));
    return () => rm(path);
  }
  const client = new S3Client({
    region: storage.region,
    forcePathStyle: storage.usesPathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    ...(storage.endpoint && { endpoint: storage.endpoint }),
    ...(storage.credentials && { credentials: storage.credentials }),
  });
  const object = { Bucket: storage.bucket, Key: name };
  await client.send(new PutObjectCommand({ ...object, Body: body, ContentLength: size }));
  return async () => {
    await client.send(new DeleteObjectCommand(object));
    client.destroy();
  };
};

/** Copies the file with the client libraries alone. */
const copyPlainly = async (configuration: Configuration, instance: string): Promise<Remove> => {
  const client = createZoomClient(configuration.zoom);
  const call = { correlationId: 'bench', signal: AbortSignal.timeout(600_000) };
  const path = `/meetings/${uuidInPath(instance)}/recordings?include_fields=download_access_token`;
  const listed = listedSchema.parse(
    await client.send(
      operationOf('zoom', 'recordings.list'),
      { kind: 'service', user: 'me' },
      { method: 'GET', path },
      call,
    ),
  );
  const [file] = listed.recording_files;
  if (!file) throw new Error('the recording has no files');
  const headers = { authorization: `Bearer ${listed.download_access_token}` };
  const redirect = await request(file.download_url, { headers });
  await redirect.body.dump();
  const target = new URL(String(redirect.headers['location']), file.download_url);
  const { body } = await request(target);
  const remove = await copyTo(configuration, body, file.file_size);
  await client.close();
  return remove;
};

const inActivity = <Result>(work: () => Promise<Result>): Promise<Result> =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(work);

const createService = (configuration: Configuration, { organization, auditionId, meetingId }: Task) => {
  const database = createDatabaseClient(configuration.databaseUrl, { applicationName: 'bench' });
  const keys = createDatabaseClient(configuration.keyDatabaseUrl, { applicationName: 'bench' });
  const repositories = createRepositories(database.db, createKeyWrapping(configuration), keys.db);
  const providers = createProviders(configuration);
  const accessTokens = createAccessTokens({
    store: repositories.connections,
    authorizers: providers.authorizers.oauth,
  });
  const activities = createMediaActivities({
    repositories,
    providers,
    accessTokens,
    reportAttention: () => {},
  });
  const call: RecordingCall = {
    organization,
    auditionId,
    correlationId: 'bench',
    provider: 'zoom',
    meetingId,
  };
  return {
    store: async (instance: string): Promise<Remove> => {
      const { recordings } = await inActivity(() =>
        activities.findRecordings({ ...call, checkTrash: false }),
      );
      const files = recordings
        .filter((recording) => recording.instance === instance)
        .flatMap(({ toStore }): readonly StoreFileInput[] =>
          toStore.map((file) => ({
            ...call,
            ...file,
            instance,
            key: `recording/${file.recording}:${file.file}`,
          })),
        );
      const stored: StoredFileResult[] = [];
      for (const file of files) stored.push(await inActivity(() => activities.storeFile(file)));
      const cleanUp = { correlationId: 'bench', signal: AbortSignal.timeout(60_000) };
      return async () => {
        for (const { storageKey } of stored) await providers.storage.remove(storageKey, cleanUp);
      };
    },
    close: async () => {
      await providers.close();
      await Promise.all([database.close(), keys.close()]);
    },
  };
};

const main = async (): Promise<void> => {
  const task = taskSchema.parse(JSON.parse(argv[2] ?? ''));
  const configuration = loadConfiguration();
  const service = createService(configuration, task);
  const transfer = (instance: string) =>
    task.mode === 'service' ? service.store(instance) : copyPlainly(configuration, instance);
  const removeWarmUp = await transfer(task.warmUp);
  await removeWarmUp();
  let peakMb = rssMb();
  const idleMb = peakMb;
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, rssMb());
  }, 10);
  const started = performance.now();
  const remove = await transfer(task.instance);
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(sampling);
  await remove();
  await service.close();
  const result: TransferResult = { seconds, idleMb, peakMb };
  console.log(JSON.stringify(result));
};

await main();
