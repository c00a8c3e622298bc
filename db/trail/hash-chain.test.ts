import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { factsUntilScheduled, requested, trail } from '../../tests/harness/audition-trail.ts';
import { chainEvents, genesisHash, hashOf } from './hash-chain.ts';

const life = trail(factsUntilScheduled('aud_1'));

test('the hash chain hashes the canonical JSON of RFC 8785, so that it can be recomputed independently', () => {
  const text =
    `{"at":"2026-11-24T00:00:01.000Z","auditionId":"aud_1","correlationId":"c","fact":{"a":1,"type":"x"},` +
    `"previousHash":"${genesisHash}","sequence":1}`;

  const hash = hashOf({
    previousHash: genesisHash,
    fact: { type: 'x', a: 1 },
    correlationId: 'c',
    at: '2026-11-24T00:00:01.000Z',
    sequence: 1,
    auditionId: 'aud_1',
  });

  expect(hash).toBe(createHash('sha256').update(text).digest('hex'));
});

test('the hash chain of events without a principal is that of earlier versions', () => {
  const hashes = [{}, { principal: null }, { principal: undefined }].map(
    (named) =>
      chainEvents(
        'aud_1',
        genesisHash,
        life.map((event) => ({ ...event, ...named })),
      ).at(-1)?.hash,
  );

  expect(new Set(hashes).size).toBe(1);
  const named = life.map((event) => ({ ...event, principal: 'key_1' }));
  expect(chainEvents('aud_1', genesisHash, named).at(-1)?.hash).not.toBe(hashes[0]);
});

test('the hash chain stores the previous hash in each link', () => {
  const links = chainEvents('aud_1', genesisHash, life);

  expect(links[0]?.previousHash).toBe(genesisHash);
  expect(links.slice(1).map(({ previousHash }) => previousHash)).toEqual(
    links.slice(0, -1).map(({ hash }) => hash),
  );
});

test('the hash chain is the same when it is built in two steps', () => {
  const whole = chainEvents('aud_1', genesisHash, life);
  const begun = chainEvents('aud_1', genesisHash, life.slice(0, 2));

  expect([...begun, ...chainEvents('aud_1', begun.at(-1)?.hash ?? '', life.slice(2))]).toEqual(whole);
});

test('the hash chain changes every hash after a changed event', () => {
  const changed = [...trail([requested('aud_1', 'org_south')]), ...life.slice(1)];

  const before = chainEvents('aud_1', genesisHash, life).map(({ hash }) => hash);
  const after = chainEvents('aud_1', genesisHash, changed).map(({ hash }) => hash);

  expect(after.some((hash) => before.includes(hash))).toBe(false);
});
