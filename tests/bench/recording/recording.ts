/** Measures the transfer of recordings: its speed against a plain stream copy, and its memory. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { RecordingSpec } from '../../../infra/sandbox/zoom/recordings.ts';
import { createZoomClient } from '../../../providers/zoom/client.ts';
import { createZoomMeetings } from '../../../providers/zoom/meetings.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from '../../harness/audition-trail.ts';
import { hasS3Server, startS3Server } from '../../harness/s3-server.ts';
import { organization, type ServiceUnderTest } from '../../harness/service.ts';
import { compareRounds, type Spread } from '../statistics.ts';
import { transferResultSchema } from './transfer-result.ts';

export interface TransferFigures {
  readonly storage: 'file system' | 'S3';
  readonly megabytes: number;
  /** Megabytes per second. */
  readonly service: Spread;
  readonly copy: Spread;
  readonly ratio: Spread;
  readonly targetRatio: number;
  /** By how much the memory of the process grows at most, in megabytes. */
  readonly memoryMb: number;
  readonly targetMemoryMb: number;
  readonly isMet: boolean;
}

const targetRatio = 0.8;
const targetMemoryMb = 64;
const megabyte = 1_000_000;
const sizes = [100, 1_000] as const;
const slot = {
  start: '2031-01-01T09:00:00.000Z',
  end: '2031-01-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const program = fileURLToPath(new URL('./transfer-process.ts', import.meta.url));

export const describeTransfers = (rounds: number): string =>
  `
Recordings of ${sizes.join(' and ')} MB from the sandbox into the file system${hasS3Server ? ' and into VersityGW (S3)' : '; VersityGW is not installed'}.
The activity with ledger and checksum, against a plain stream copy between the same two servers, in processes of their own. ${rounds} rounds.`.trim();

export const measureTransfers = async (
  service: ServiceUnderTest,
  rounds: number,
): Promise<readonly TransferFigures[]> => {
  const figures: TransferFigures[] = [];
  for (const megabytes of sizes)
    figures.push(await measure(service, { storage: 'file system', megabytes, rounds, env: {} }));
  if (!hasS3Server) return figures;
  const server = await startS3Server();
  try {
    for (const megabytes of sizes)
      figures.push(await measure(service, { storage: 'S3', megabytes, rounds, env: server.env }));
  } finally {
    await server.close();
  }
  return figures;
};

const measure = async (
  service: ServiceUnderTest,
  {
    storage,
    megabytes,
    rounds,
    env,
  }: Pick<TransferFigures, 'storage' | 'megabytes'> & {
    readonly rounds: number;
    readonly env: NodeJS.ProcessEnv;
  },
): Promise<TransferFigures> => {
  const measured: { readonly real: number; readonly alone: number; readonly ratio: number }[] = [];
  let memoryMb = 0;
  for (let round = 0; round < rounds; round += 1) {
    const task = await prepare(service, megabytes * megabyte);
    const run = async (mode: 'copy' | 'service') => {
      const { stdout } = await execa(process.execPath, [program, JSON.stringify({ ...task, mode })], {
        env: { ...service.env, ...env },
      });
      return transferResultSchema.parse(JSON.parse(stdout.split('\n').at(-1) ?? ''));
    };
    // The order alternates: the second of two processes finds a warmer disk cache.
    const order = round % 2 === 0 ? (['copy', 'service'] as const) : (['service', 'copy'] as const);
    const results = { copy: 0, service: 0 };
    for (const mode of order) {
      const { seconds, idleMb, peakMb } = await run(mode);
      results[mode] = megabytes / seconds;
      if (mode === 'service') memoryMb = Math.max(memoryMb, peakMb - idleMb);
    }
    measured.push({
      real: results.service,
      alone: results.copy,
      ratio: results.service / results.copy,
    });
  }
  const { real, bare, ratio, isMet } = compareRounds(measured, targetRatio);
  return {
    storage,
    megabytes,
    service: real,
    copy: bare,
    ratio,
    targetRatio,
    memoryMb,
    targetMemoryMb,
    isMet: isMet && memoryMb <= targetMemoryMb,
  };
};

const video = (bytes: number): RecordingSpec => ({ files: [{ type: 'MP4', size: bytes }] });

/** Makes an audition, its meeting, and two recordings at the sandbox: a small one to warm up, and the measured one. */
const prepare = async ({ sandbox, database, configuration }: ServiceUnderTest, size: number) => {
  const auditionId = newAuditionId();
  await storeEvents(
    database.repositories.events,
    auditionId,
    trail([...factsUntilScheduled(auditionId, organization)]),
  );
  const client = createZoomClient(configuration.zoom);
  const call = { correlationId: 'bench', signal: AbortSignal.timeout(10_000) };
  const {
    meeting: { id: meetingId },
  } = await createZoomMeetings(client).create(
    { kind: 'service', user: 'me' },
    { reference: auditionId, topic: 'Benchmark', slot, settings: {} },
    call,
  );
  await client.close();
  const { uuid: warmUp } = sandbox.control.recordMeeting(meetingId, video(20 * megabyte));
  const { uuid: instance } = sandbox.control.recordMeeting(meetingId, video(size));
  return { organization, auditionId, meetingId, warmUp, instance };
};
