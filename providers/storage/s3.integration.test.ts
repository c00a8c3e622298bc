import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { hasS3Server, type S3Server, startS3Server } from '../../tests/harness/s3-server.ts';
import { expectStorageContract } from '../../tests/harness/storage-contract.ts';
import { createS3Check, createS3Storage } from './s3.ts';

describe.skipIf(!hasS3Server)('storage in S3, against VersityGW', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server?.close());

  expectStorageContract(async () => createS3Storage(server.settings));

  it('continues after the parts without a gap, and completes the file with all of them in order', async () => {
    const { settings } = server;
    const { bucket: Bucket, region, endpoint, credentials } = settings;
    const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
    onTestFinished(() => client.destroy());
    const Key = 'org_1/gap.mp4';
    const partSize = 8 * 1024 * 1024;
    const bytes = Buffer.concat(['a', 'b', 'c', 'd'].map((text) => Buffer.alloc(partSize, text)));
    // What a killed worker leaves that was writing the second part and the third one.
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    for (const PartNumber of [1, 3]) {
      const Body = Buffer.alloc(partSize, PartNumber === 1 ? 'a' : 'x');
      await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    }
    const upload = await createS3Storage(settings).upload(Key, bytes.length, callContext());
    expect([upload.offset, upload.durable]).toEqual([partSize, partSize]);
    await upload.write(bytes.subarray(partSize));
    await upload.write(Buffer.from('end'));
    await upload.complete();
    expect(upload.durable).toBe(bytes.length + 3);
    const stored: Uint8Array[] = [];
    for await (const chunk of await createS3Storage(settings).read(Key, { start: 0 }, callContext()))
      stored.push(chunk);
    expect(Buffer.concat([...stored]).equals(Buffer.concat([bytes, Buffer.from('end')]))).toBe(true);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
    expect(Uploads).toEqual([]);
  });

  it('is healthy when the bucket can be opened', async () => {
    await expect(createS3Check(server.settings)()).resolves.toBeUndefined();
  });

  it.each([
    ['an unknown bucket', { bucket: 'unknown' }],
    ['a wrong secret', { credentials: { accessKeyId: 'test-access-key', secretAccessKey: 'wrong' } }],
  ])('reports %s as misconfigured', async (_case, change) => {
    const settings = { ...server.settings, ...change };
    await expect(createS3Check(settings)()).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
    await expect(createS3Storage(settings).upload('org_1/a.mp4', 5, callContext())).rejects.toMatchObject({
      provider: 'storage',
      fault: { kind: 'misconfigured' },
    });
  });

  it('reports a server that does not answer as an outage', async () => {
    const settings = { ...server.settings, endpoint: 'http://127.0.0.1:9' };
    await expect(createS3Storage(settings).find('org_1/a.mp4', callContext())).rejects.toMatchObject({
      fault: { kind: 'outage' },
    });
  });
});
