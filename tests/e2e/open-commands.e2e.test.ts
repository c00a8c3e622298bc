/** Tests that a worker records an answer when the API is killed between the workflow's answer and the trail. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { respondUpdate } from '../../workflows/audition/messages.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

it('an answer is in the read model although the API was killed before it recorded it', async () => {
  const { temporal, database } = service;
  const { openCommands } = database.repositories;
  const worker = await service.startWorker();
  const platform = createApiClient(service);
  const { id } = await platform.request(requestBody(1, 5 * day));
  await platform.untilNotified(id);
  // What the API does before it is killed.
  await openCommands.open({ updateId: 'killed', auditionId: id });
  await openCommands.open({ updateId: 'never-sent', auditionId: id });
  const handle = temporal.workflow.getHandle(auditionWorkflowId(id));
  const participant = participantIdSchema.parse('performer-1');
  const answer = { participant, answer: 'accepted', origin: 'link', correlationId: 'c-1' } as const;
  await handle.executeUpdate(respondUpdate, { args: [answer], updateId: 'killed' });
  const lengthBefore = (await handle.describe()).historyLength;
  expect(await platform.view(id)).toMatchObject({ participants: [{ answer: 'none' }, {}, {}] });

  await worker.stop();
  await database.pool.query("UPDATE open_commands SET next_attempt_at = now() - interval '1 second'");
  await service.startWorker();
  const isAccepted = (view: Awaited<ReturnType<typeof platform.view>>) =>
    view.participants.find((found) => found.id === participant)?.answer === 'accepted';
  await platform.until(id, isAccepted);
  const areClosed = async () => (await database.pool.query('SELECT FROM open_commands')).rowCount === 0;
  await eventually(areClosed, 30_000);
  expect((await handle.describe()).historyLength).toBe(lengthBefore);
});
