import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../foundation/encryption/key-ring.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

const key = randomBytes(32);
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing([{ id: 'k1', key }]));
  folder = await mkdtemp(join(tmpdir(), 'castmatch-anchors-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ring = (...keys: readonly (readonly [string, Buffer])[]) =>
  keys.map(([id, bytes]) => `${id}:${bytes.toString('base64')}`).join(',');
const audit = (words: readonly string[], keys = ring(['k1', key])) =>
  execa(process.execPath, [program, 'audit', ...words], {
    env: { CASTMATCH_ENV: 'test', DATABASE_URL: database.url, CASTMATCH_MASTER_KEYS: keys },
    extendEnv: false,
    reject: false,
  });
const anchor = (keys?: string) => audit(['anchor', '--folder', folder], keys);
const verify = (more: readonly string[] = [], at = folder, keys?: string) =>
  audit(['verify', '--anchors', at, ...more], keys);

const stored = async () => {
  const id = newAuditionId();
  await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
  return id;
};

/** Changes the database as its owner can: without triggers. */
const asOwner = async (...statements: readonly string[]) => {
  await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER USER');
  for (const statement of statements) await database.pool.query(statement);
  await database.pool.query('ALTER TABLE audit_events ENABLE TRIGGER USER');
};

/** Keeps a copy of the rows, and returns what puts them back. */
const backUp = async () => {
  await database.pool.query('CREATE TABLE kept_events AS SELECT * FROM audit_events');
  return async () => {
    await asOwner('DELETE FROM audit_events', 'INSERT INTO audit_events SELECT * FROM kept_events');
    await database.pool.query('DROP TABLE kept_events');
  };
};

describe('ops audit', { timeout: 120_000 }, () => {
  it('signs the ends of the trails, and verifies the trails with them', async () => {
    expect(await verify()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no anchor'),
    });
    const first = await stored();
    expect(await anchor()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Signed 1 new ends of 1 audit trails'),
    });
    await stored();
    expect((await anchor()).stdout).toContain('Signed 1 new ends of 2 audit trails');

    expect(await verify(['--max-age', '1'])).toMatchObject({
      exitCode: 0,
      stdout: 'All 2 audit trails are intact.',
    });
    expect(await verify([first])).toMatchObject({ exitCode: 0, stdout: 'The audit trail is intact.' });
    expect(
      (await database.pool.query("SELECT FROM administrative_acts WHERE act = 'trail.anchored'")).rowCount,
    ).toBe(2);
  });

  it('finds a trail that a restore has cut off, and one that it has removed', async () => {
    const [cut, gone] = [await stored(), await stored()];
    await anchor();
    const putBack = await backUp();

    await asOwner(
      `DELETE FROM audit_events WHERE audition_id = '${cut}' AND sequence > 4`,
      `DELETE FROM audit_events WHERE audition_id = '${gone}'`,
      `DELETE FROM auditions WHERE id IN ('${cut}', '${gone}')`,
    );

    expect(await audit(['verify'])).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await verify(['--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      broken: expect.arrayContaining([
        { auditionId: cut, sequence: 5, flaw: 'anchor' },
        { auditionId: gone, sequence: 1, flaw: 'anchor' },
      ]),
    });
    await putBack();
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });

  it('leaves a broken trail out of the anchor', async () => {
    const id = await stored();
    const putBack = await backUp();
    await asOwner(
      `UPDATE audit_events SET correlation_id = 'x' WHERE audition_id = '${id}' AND sequence = 2`,
    );

    const made = await anchor();

    expect(made).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(id) });
    const newest = (await readdir(folder)).toSorted().at(-1) ?? '';
    expect(await readFile(join(folder, newest), 'utf8')).not.toContain(id);
    await putBack();
  });

  it('finds an altered anchor and a missing one', async () => {
    await anchor();
    const names = (await readdir(folder)).toSorted();
    const copy = await mkdtemp(join(tmpdir(), 'castmatch-anchors-'));
    await cp(folder, copy, { recursive: true });
    const first = join(copy, names[0] ?? '');
    await writeFile(first, (await readFile(first, 'utf8')).replace('"sequence":6', '"sequence":5'));
    expect(await verify([], copy)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('was altered'),
    });
    await rm(first);
    expect(await verify([], copy)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is missing'),
    });
    await writeFile(first, '{}\n');
    expect(await verify([], copy)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is not an anchor'),
    });
    await rm(copy, { recursive: true });
  });

  it('vouches for events of a removed key with the anchors of a new folder', async () => {
    const id = await stored();
    const newer = randomBytes(32);
    const next = await mkdtemp(join(tmpdir(), 'castmatch-anchors-'));
    const both = ring(['k2', newer], ['k1', key]);
    expect(await audit(['anchor', '--folder', next], both)).toMatchObject({ exitCode: 0 });

    const onlyNewer = ring(['k2', newer]);
    expect(await audit(['verify', id], onlyNewer)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('not configured'),
    });
    expect(await verify([], folder, onlyNewer)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('under a key that is not configured'),
    });
    expect(await verify([], next, onlyNewer)).toMatchObject({ exitCode: 0 });
    await rm(next, { recursive: true });
  });
});
