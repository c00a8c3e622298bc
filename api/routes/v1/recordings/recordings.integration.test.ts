/** Tests the recordings of the API: the list, links and the page behind them, deletion, legal holds, consents. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OrganizationId, RecordingId } from '../../../../domain/ids.ts';
import type { FileStorage } from '../../../../providers/ports.ts';
import { createFileSystemStorage } from '../../../../providers/storage/file-system.ts';
import { createTestApi, recordingLinks, type TestApi } from '../../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { callContext } from '../../../../tests/harness/call-context.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { createDeletionRound } from '../../../../workers/recordings/deletion-round.ts';

const now = '2026-11-24T09:00:00.000Z';
const content = 'the bytes of a recording';

let database: TestDatabase;
let directory: string;
let storage: FileStorage;
let test: TestApi;
const resolutions: unknown[] = [];
let isRunning = true;
beforeAll(async () => {
  [database, directory] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'recordings-'))]);
  storage = createFileSystemStorage(directory);
  test = await createTestApi(database, {
    storage,
    recordingWorkflows: {
      resolve: async (workflowId, resolution) => {
        resolutions.push({ workflowId, ...resolution });
        return isRunning ? 'signaled' : 'not_running';
      },
    },
  });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

const setUp = async () => {
  const organization: OrganizationId = `org_${randomUUID()}`;
  const { recordings, recordingAccesses, recordingDeletions, events, auditions } = database.repositories;
  const auditionId = newAuditionId();
  await storeEvents(events, auditionId, trail([...factsUntilScheduled(auditionId, organization)]));
  const id: RecordingId = `rec_${randomUUID()}`;
  const storageKey = `${organization}/${auditionId}/${id}/f1.mp4`;
  await recordings.putFound({
    id,
    organization,
    auditionId,
    provider: 'zoom',
    meetingId: '81234567890',
    instance: 'uuid==',
    correlationId: 'corr-1',
    files: [
      { id: 'f1', kind: 'video', format: 'mp4', size: content.length, isReady: true },
      { id: 'f2', kind: 'chat', format: 'txt', size: 0, isReady: true },
    ],
  });
  const store = async (retainUntil: `${string}Z` = '2099-01-01T00:00:00.000Z') => {
    const upload = await storage.upload(storageKey, content.length, callContext());
    await upload.write(Buffer.from(content));
    await upload.complete();
    await recordings.markFileStored(
      { recording: id, file: 'f1' },
      { storageKey, size: content.length, sha256: 'f'.repeat(64) },
    );
    await recordings.markStored(id, { at: now, retainUntil });
  };
  const keys = {
    backend: await test.keyFor('backend', organization),
    operator: await test.keyFor('operator', organization),
    admin: await test.keyFor('admin', organization),
  };
  const link = async (body: object = {}) => {
    const answer = await test.call('POST', `/v1/recordings/${id}/links`, { key: keys.backend, body });
    return new URL(z.object({ url: z.string() }).parse(answer.body).url).pathname;
  };
  const list = async () => {
    const { body } = await test.call('GET', `/v1/auditions/${auditionId}/recordings`, { key: keys.backend });
    return z.object({ items: z.array(z.looseObject({ state: z.string() })) }).parse(body).items;
  };
  const deleteRound = () =>
    createDeletionRound({
      deletions: recordingDeletions,
      storage,
      events,
      logger: { info: () => {}, warn: () => {} },
    })(new AbortController().signal);
  const isStored = async () => (await storage.find(storageKey, callContext())) !== undefined;
  return {
    organization,
    auditionId,
    id,
    keys,
    store,
    link,
    list,
    deleteRound,
    isStored,
    accesses: () => recordingAccesses.list(id),
    view: () => auditions.get(organization, auditionId),
    facts: async () =>
      (await events.read(organization, auditionId, { after: 0, limit: 100 })).map(({ fact }) => fact),
    /** Who has caused the last fact. */
    principal: async () =>
      (await events.read(organization, auditionId, { after: 0, limit: 100 })).at(-1)?.principal,
  };
};

describe('the list of recordings', () => {
  it('has the files, without what is internal', async () => {
    const { id, auditionId, store, list } = await setUp();
    await store();
    expect(await list()).toEqual([
      {
        id,
        auditionId,
        provider: 'zoom',
        state: 'stored',
        storedAt: now,
        retainUntil: '2099-01-01T00:00:00.000Z',
        legalHolds: [],
        files: [
          { id: 'f2', kind: 'chat', format: 'txt', state: 'empty' },
          {
            id: 'f1',
            kind: 'video',
            format: 'mp4',
            state: 'stored',
            size: content.length,
            sha256: 'f'.repeat(64),
            storedAt: expect.any(String),
          },
        ],
      },
    ]);
  });

  it('is not shown to another organization', async () => {
    const { auditionId, id } = await setUp();
    const key = await test.keyFor('admin', 'org_stranger');
    expect(await test.call('GET', `/v1/auditions/${auditionId}/recordings`, { key })).toMatchObject({
      status: 404,
      body: { code: 'audition_not_found' },
    });
    for (const [method, url, body] of [
      ['POST', `/v1/recordings/${id}/links`, {}],
      ['DELETE', `/v1/recordings/${id}`, undefined],
      ['PUT', `/v1/recordings/${id}/legal-hold`, { reason: 'x' }],
      ['DELETE', `/v1/recordings/${id}/legal-hold`, undefined],
    ] as const) {
      expect(await test.call(method, url, { key, body })).toMatchObject({
        status: 404,
        body: { code: 'recording_not_found' },
      });
    }
  });
});

describe('a link to a recording', () => {
  it('opens the file, whole and in parts, and each access is recorded', async () => {
    const { store, link, accesses, organization } = await setUp();
    await store();
    const address = await link({ principal: 'person-7' });
    const whole = await test.call('GET', address);
    expect(whole).toMatchObject({ status: 200, text: content });
    expect(whole.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(content.length),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
    });
    const part = await test.call('GET', address, { headers: { range: 'bytes=4-8' } });
    expect(part).toMatchObject({ status: 206, text: content.slice(4, 9) });
    expect(part.headers['content-range']).toBe(`bytes 4-8/${content.length}`);
    const beyond = await test.call('GET', address, { headers: { range: 'bytes=1000-' } });
    expect(beyond.status).toBe(416);
    expect(await accesses()).toMatchObject([
      { organization, file: 'f1', principal: 'person-7', firstByte: 0 },
      { organization, file: 'f1', principal: 'person-7', firstByte: 4 },
    ]);
  });

  it('names the key that created it when it has no principal', async () => {
    const { store, link, accesses, organization } = await setUp();
    await store();
    await test.call('GET', await link());
    expect(await accesses()).toMatchObject([{ principal: `backend of ${organization}` }]);
  });

  it('shows the same page when it is expired, altered, or about a deleted recording', async () => {
    const { id, organization, store, link, keys, accesses } = await setUp();
    await store();
    const valid = await link();
    const expired = recordingLinks.token({
      organization,
      recording: id,
      file: 'f1',
      principal: 'p',
      expiresAt: '2026-11-24T08:59:59.999Z',
    });
    const unknownFile = recordingLinks.token({
      organization,
      recording: id,
      file: 'f9',
      principal: 'p',
      expiresAt: '2099-01-01T00:00:00.000Z',
    });
    const answers = [
      await test.call('GET', `/recordings/${expired}`),
      await test.call('GET', `/recordings/${unknownFile}`),
      await test.call('GET', `${valid.slice(0, -2)}xx`),
      await test.call('GET', '/recordings/nonsense'),
    ];
    await test.call('DELETE', `/v1/recordings/${id}`, { key: keys.backend });
    answers.push(await test.call('GET', valid));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).toContain('This link does not open anything');
    expect(await accesses()).toEqual([]);
  });

  it('is refused before the file is stored', async () => {
    const { id, keys } = await setUp();
    expect(
      await test.call('POST', `/v1/recordings/${id}/links`, { key: keys.backend, body: {} }),
    ).toMatchObject({ status: 409, body: { code: 'recording_not_stored' } });
  });
});

describe('the deletion of a recording', () => {
  it('makes it unavailable immediately, and deletes its files', async () => {
    const { id, keys, store, list, deleteRound, isStored, facts } = await setUp();
    await store();
    const remove = () => test.call('DELETE', `/v1/recordings/${id}`, { key: keys.backend });
    expect(await remove()).toMatchObject({ status: 202, body: { state: 'deleting' } });
    expect(await isStored()).toBe(true);
    await deleteRound();
    expect(await isStored()).toBe(false);
    expect(await list()).toMatchObject([{ state: 'deleted', deletedAt: expect.any(String) }]);
    expect(await facts()).toContainEqual({ type: 'recording_deleted', recording: id, reason: 'request' });
    expect(await remove()).toMatchObject({ status: 202, body: { state: 'deleted' } });
  });

  it.each(['request', 'retention'] as const)(
    'removes the incomplete bytes of a recording that an operator has skipped: by %s',
    async (reason) => {
      const { id, organization, auditionId, keys, deleteRound, list, facts, principal } = await setUp();
      const upload = await storage.upload(`${organization}/${auditionId}/${id}/f1.mp4`, 9_000, callContext());
      await upload.write(Buffer.alloc(4_000));
      await upload.suspend();
      const folder = join(directory, organization, auditionId, id);
      expect(await readdir(folder)).toHaveLength(1);
      const remove = () => test.call('DELETE', `/v1/recordings/${id}`, { key: keys.backend });
      expect(await remove()).toMatchObject({ status: 409, body: { code: 'recording_not_stored' } });
      await deleteRound();
      expect(await readdir(folder)).toHaveLength(1);
      const meeting = { auditionId, provider: 'zoom', meetingId: '81234567890' } as const;
      const retainUntil = reason === 'request' ? '2099-01-01T00:00:00.000Z' : '2026-01-01T00:00:00.000Z';
      await database.repositories.recordings.giveUp(meeting, retainUntil);
      if (reason === 'request') await remove();
      await deleteRound();
      expect(await readdir(folder)).toEqual([]);
      expect(await list()).toMatchObject([{ state: 'deleted' }]);
      expect(await facts()).toContainEqual({ type: 'recording_deleted', recording: id, reason });
      const caller = expect.stringMatching(/^key_[0-9a-f]{16}$/);
      expect(await principal()).toEqual(reason === 'request' ? caller : 'system');
    },
  );

  it('happens after the retention', async () => {
    const { id, store, list, deleteRound, isStored, facts } = await setUp();
    await store('2026-01-01T00:00:00.000Z');
    await deleteRound();
    expect(await isStored()).toBe(false);
    expect(await list()).toMatchObject([{ state: 'deleted' }]);
    expect(await facts()).toContainEqual({ type: 'recording_deleted', recording: id, reason: 'retention' });
  });

  it.each(['recording', 'audition'] as const)('is prevented by a legal hold on the %s', async (on) => {
    const { id, auditionId, keys, store, deleteRound, isStored, list } = await setUp();
    await store('2026-01-01T00:00:00.000Z');
    const path = `/v1/${on === 'recording' ? `recordings/${id}` : `auditions/${auditionId}`}/legal-hold`;
    const hold = await test.call('PUT', path, { key: keys.admin, body: { reason: 'a dispute' } });
    expect(hold.status).toBe(204);
    expect(await list()).toMatchObject([{ legalHolds: [{ on, reason: 'a dispute' }] }]);
    expect(await test.call('DELETE', `/v1/recordings/${id}`, { key: keys.backend })).toMatchObject({
      status: 409,
      body: { code: 'recording_on_hold' },
    });
    await deleteRound();
    expect(await isStored()).toBe(true);
    expect((await test.call('DELETE', path, { key: keys.admin })).status).toBe(204);
    await deleteRound();
    expect(await isStored()).toBe(false);
    // The hold on an audition also concerns later recordings, and the copies at the provider.
    const late = await test.call('PUT', path, { key: keys.admin, body: { reason: 'late' } });
    expect(late.status).toBe(on === 'recording' ? 409 : 204);
  });

  it('is prevented by a legal hold on the organization, and resumes when it ends', async () => {
    const { id, keys, list, store, deleteRound, isStored } = await setUp();
    const path = '/v1/recording-policy/legal-hold';
    expect((await test.call('PUT', path, { key: keys.backend, body: { reason: 'x' } })).status).toBe(403);
    const hold = await test.call('PUT', path, { key: keys.admin, body: { reason: 'an investigation' } });
    expect(hold.status).toBe(204);
    // A recording that is stored later is held as well.
    await store('2026-01-01T00:00:00.000Z');
    expect(await list()).toMatchObject([
      { legalHolds: [{ on: 'organization', reason: 'an investigation' }] },
    ]);
    expect(await test.call('DELETE', `/v1/recordings/${id}`, { key: keys.backend })).toMatchObject({
      status: 409,
      body: { code: 'recording_on_hold' },
    });
    await deleteRound();
    expect(await isStored()).toBe(true);
    expect((await test.call('DELETE', path, { key: keys.admin })).status).toBe(204);
    await deleteRound();
    expect(await isStored()).toBe(false);
  });

  it('and a legal hold need their own roles', async () => {
    const { id, keys } = await setUp();
    expect((await test.call('DELETE', `/v1/recordings/${id}`, { key: keys.operator })).status).toBe(403);
    const hold = { key: keys.backend, body: { reason: 'x' } };
    expect((await test.call('PUT', `/v1/recordings/${id}/legal-hold`, hold)).status).toBe(403);
  });
});

describe('the policy about recordings', () => {
  it('is the default until an administrator replaces it', async () => {
    const { keys } = await setUp();
    const read = () => test.call('GET', '/v1/recording-policy', { key: keys.backend });
    expect(await read()).toMatchObject({ body: { retainForDays: 90, providerCopy: { action: 'keep' } } });
    const policy = {
      retainForDays: 7,
      findWithinHours: 24,
      providerCopy: { action: 'trash', afterDays: 2 },
    };
    expect(await test.call('PUT', '/v1/recording-policy', { key: keys.admin, body: policy })).toMatchObject({
      status: 200,
      body: policy,
    });
    expect(await read()).toMatchObject({ body: policy });
    const invalid = { ...policy, retainForDays: 0 };
    expect((await test.call('PUT', '/v1/recording-policy', { key: keys.admin, body: invalid })).status).toBe(
      400,
    );
  });
});

describe('the consent to a recording', () => {
  it('is a fact of the audition, and can be withdrawn', async () => {
    const { auditionId, keys, view, facts } = await setUp();
    const [participant] = (await view())?.participants ?? [];
    if (!participant) throw new Error('the audition has no participants');
    const consent = (given: string, id: string = participant.id) =>
      test.call('POST', `/v1/auditions/${auditionId}/consents`, {
        key: keys.backend,
        body: { participant: id, consent: given },
      });
    expect((await consent('given')).status).toBe(200);
    expect((await consent('given')).status).toBe(200);
    expect((await view())?.participants[0]).toMatchObject({ recordingConsent: 'given' });
    expect((await consent('withdrawn')).status).toBe(200);
    expect((await view())?.participants[0]).toMatchObject({ recordingConsent: 'withdrawn' });
    expect((await facts()).filter(({ type }) => type === 'recording_consented')).toMatchObject([
      { participant: participant.id, consent: 'given', origin: 'api' },
      { participant: participant.id, consent: 'withdrawn' },
    ]);
    expect(await consent('given', 'stranger')).toMatchObject({
      status: 422,
      body: { code: 'unknown_participant' },
    });
  });
});

describe('an attention item of a recording', () => {
  it('is listed, and its workflow gets the decision', async () => {
    const { organization, auditionId, keys } = await setUp();
    const id = `att_rec-${randomUUID().slice(0, 8)}-1` as const;
    await database.repositories.recordingAttention.put(
      { organization, auditionId, workflowId: 'recording/w' },
      {
        id,
        step: 'recording',
        what: 'No recording.',
        hint: 'Retry or skip.',
        actions: ['retry', 'skip'],
        raisedAt: now,
        dueAt: now,
        overdue: false,
      },
    );
    const { body } = await test.call('GET', '/v1/attention', { key: keys.operator });
    expect(body).toMatchObject({ items: [{ id, step: 'recording', auditionId }] });
    const resolve = (action: string) =>
      test.call('POST', `/v1/attention/${id}/resolve`, { key: keys.operator, body: { action } });
    expect(await resolve('abort')).toMatchObject({ status: 409, body: { code: 'action_not_offered' } });
    expect(await resolve('skip')).toMatchObject({ status: 202, body: { id: auditionId } });
    expect(resolutions).toEqual([
      { workflowId: 'recording/w', id, action: 'skip', by: `operator of ${organization}` },
    ]);
    isRunning = false;
    expect(await resolve('retry')).toMatchObject({ status: 404, body: { code: 'attention_not_found' } });
  });
});
