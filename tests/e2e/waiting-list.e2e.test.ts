/** Tests the waiting list of a casting session in the whole service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiClient, createApiClient, requestBody } from '../harness/api-client.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const joinUrls = z.object({
  participants: z.array(z.object({ kind: z.string(), joinUrl: z.string().optional() })),
});
const linkOf = async (id: string, kind: string): Promise<string> => {
  const { body } = await platform.get(`/v1/auditions/${id}`);
  return joinUrls.parse(body).participants.find((one) => one.kind === kind)?.joinUrl ?? '';
};
const press = (url: string) => fetch(url, { method: 'POST', redirect: 'manual' });

describe('an audition whose performer is admitted in turn', () => {
  it('lets the performer wait after the check-in, and begins when the casting office admits the performer', async () => {
    const { id } = await platform.request(
      requestBody(1, 15 * 60_000, {
        meeting: { providers: ['zoom'], settings: { admission: 'in_turn', registrants: true } },
      }),
    );
    const { meeting } = await platform.untilNotified(id);
    expect(meeting?.notHonored).toBeUndefined();
    const link = await linkOf(id, 'performer');
    expect((await press(await linkOf(id, 'casting_director'))).status).toBe(302);
    expect(await (await press(link)).text()).toContain('You are next');
    const waiting = await platform.until(id, ({ participants }) =>
      participants.some(({ kind, checkedIn }) => kind === 'performer' && checkedIn),
    );
    expect(waiting.state).toBe('scheduled');
    expect((await platform.get(`/v1/auditions/${id}/waiting-list`)).body).toMatchObject({
      items: [{ audition: id, participant: 'performer-1', place: 1 }],
    });

    const admitted = await platform.post(`/v1/auditions/${id}/admissions`, {});
    expect([admitted.status, admitted.body]).toMatchObject([
      200,
      { items: [{ participant: 'performer-1' }] },
    ]);
    await expect
      .poll(async () => (await press(link)).headers.get('location'), { timeout: 10_000 })
      .toContain('tk=');
    await platform.until(id, ({ state }) => state === 'in_progress');
  });
});
