/** Requests an audition, reads it, lists the auditions of its project, and reads a refusal. A test runs this. */
import { answerOf, createCastMatchClient, idempotencyKey, ProblemError } from './index.ts';

export const requestAndRead = async (baseUrl: string, key: string, day: string) => {
  const client = createCastMatchClient({ baseUrl, key });

  const requested = await answerOf(
    client.POST('/v1/auditions', {
      params: { header: idempotencyKey(`captain-ada-${day}`) },
      body: {
        project: { id: 'night-ferry', title: 'Night Ferry' },
        role: { id: 'captain', name: 'The Captain' },
        slot: { start: `${day}T10:00`, end: `${day}T10:30`, zone: 'Europe/Paris', room: 'Studio 2' },
        participants: [
          {
            id: 'ada',
            kind: 'performer',
            name: 'Ada Example',
            email: 'ada@example.com',
            zone: 'Europe/Paris',
            channels: ['email'],
          },
        ],
      },
    }),
  );

  const audition = await answerOf(
    client.GET('/v1/auditions/{id}', { params: { path: { id: requested.id } } }),
  );
  const { items } = await answerOf(
    client.GET('/v1/auditions', { params: { query: { project: 'night-ferry' } } }),
  );

  try {
    await answerOf(client.GET('/v1/auditions/{id}', { params: { path: { id: 'aud_nobody' } } }));
    throw new Error('the API knows an audition that does not exist');
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { requested, audition, items, refusal: error.code };
  }
};
