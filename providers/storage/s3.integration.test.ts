import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
