/** Creates what the requests of a conformance run are about, so that they reach more than a 404. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const created = z.looseObject({ id: z.string() });

const dayMs = 24 * 3_600_000;

/** A working day of the next weeks, so that several runs find a free slot. */
const someDay = (): string => {
  const days = 20 + Math.floor(Math.random() * 300);
  return new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);
};

/**
 * Returns the ids as the environment of `schemathesis.toml`.
 * @param key of an administrator
 * @throws when the API does not create one of them
 */
export const createSubjects = async (url: string, key: string): Promise<Readonly<Record<string, string>>> => {
  const create = async (path: string, body: object): Promise<string> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} returned ${response.status}: ${await response.text()}`);
    return created.parse(await response.json()).id;
  };
  const day = someDay();
  const zone = 'Europe/Paris';
  return {
    AUDITION: await create('/v1/auditions', {
      project: { id: 'night-ferry', title: 'Night Ferry' },
      role: { id: 'captain', name: 'The Captain' },
      slot: { start: `${day}T10:00`, end: `${day}T10:30`, zone, room: `Studio ${day}` },
      participants: [
        { id: 'ada', kind: 'performer', name: 'Ada', email: 'ada@example.com', zone, channels: ['email'] },
      ],
    }),
    SESSION_BLOCK: await create('/v1/session-blocks', {
      project: 'night-ferry',
      zone,
      start: `${day}T14:00`,
      end: `${day}T18:00`,
      slotMinutes: 30,
    }),
    WEBHOOK_ENDPOINT: await create('/v1/webhook-endpoints', { url: 'http://127.0.0.1:9/hooks' }),
  };
};
