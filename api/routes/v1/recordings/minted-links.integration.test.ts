/** Tests that a link to a recording has no more rights than the key or token that requested it has now. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OrganizationId, RecordingId } from '../../../../domain/ids.ts';
import type { FileStorage } from '../../../../providers/ports.ts';
import { createFileSystemStorage } from '../../../../providers/storage/file-system.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { newAuditionId } from '../../../../tests/harness/audition-trail.ts';
import { callContext } from '../../../../tests/harness/call-context.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { VerifyToken } from '../../../access/jwt-verifier.ts';

const content = 'the bytes of a recording';

let database: TestDatabase;
let directory: string;
let storage: FileStorage;
beforeAll(async () => {
  [database, directory] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'recordings-'))]);
  storage = createFileSystemStorage(directory);
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** Stores a recording, and returns an API of its organization. */
const setUp = async ({ withToken = false }: { readonly withToken?: boolean } = {}) => {
  const organization: OrganizationId = `org_${randomUUID()}`;
  const { recordings, recordingAccesses, apiKeys } = database.repositories;
  const id: RecordingId = `rec_${randomUUID()}`;
  const storageKey = `${organization}/${id}/f1.mp4`;
  await recordings.putFound({
    id,
    organization,
    auditionId: newAuditionId(),
    provider: 'zoom',
    meetingId: '81234567890',
    instance: 'uuid==',
    correlationId: 'corr-1',
    files: [{ id: 'f1', kind: 'video', format: 'mp4', size: content.length, isReady: true }],
  });
  const upload = await storage.upload(storageKey, content.length, callContext());
  await upload.write(Buffer.from(content));
  await upload.complete();
  const stored = { storageKey, size: content.length, sha256: 'f'.repeat(64) };
  await recordings.markFileStored({ recording: id, file: 'f1' }, stored);
  await recordings.markStored(id, {
    at: '2026-11-24T09:00:00.000Z',
    retainUntil: '2099-01-01T00:00:00.000Z',
  });
  const verifyToken: VerifyToken = async () => ({
    organization,
    role: 'backend',
    label: 'platform',
    id: 'sub:platform',
    expiresAt: '2026-11-24T09:20:00.000Z',
  });
  const test = await createTestApi(database, { storage, ...(withToken && { verifyToken }) });
  const key = withToken ? 'a.b.c' : await test.keyFor('backend', organization);
  const created = await test.call('POST', `/v1/recordings/${id}/links`, { key, body: {} });
  const { url, expiresAt } = z.object({ url: z.string(), expiresAt: z.string() }).parse(created.body);
  return {
    organization,
    expiresAt,
    open: () => test.call('GET', new URL(url).pathname),
    accesses: () => recordingAccesses.list(id),
    moveKey: (to: OrganizationId) =>
      apiKeys.put({ secret: key, organization: to, role: 'backend', label: 'platform' }),
    revokeKeys: async () => {
      for (const known of await apiKeys.list(organization)) await apiKeys.revoke(known.id);
    },
  };
};

describe('a link to a recording', () => {
  it('opens nothing after its key was revoked', async () => {
    const { open, revokeKeys, accesses } = await setUp();
    expect((await open()).status).toBe(200);
    await revokeKeys();
    const answer = await open();
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('This link does not open anything');
    expect(await accesses()).toHaveLength(1);
  });

  it('opens nothing while its key belongs to another organization', async () => {
    const { open, moveKey, organization } = await setUp();
    await moveKey(`org_${randomUUID()}`);
    expect((await open()).status).toBe(404);
    await moveKey(organization);
    expect((await open()).status).toBe(200);
  });

  it('ends with the token that requested it', async () => {
    const { expiresAt, open } = await setUp({ withToken: true });
    expect(expiresAt).toBe('2026-11-24T09:20:00.000Z');
    expect((await open()).status).toBe(200);
  });
});
