/** Tests `ops auditions undo` while no worker runs: it must end within the time of `--wait`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { runOps } from '../harness/operators.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

it('the undo of an audition ends in time without workers, and is completed when it is repeated', async () => {
  const platform = createApiClient(service);
  const worker = await service.startWorker();
  const { id } = await platform.request(requestBody(1, 3 * day));
  await platform.untilNotified(id);
  await worker.kill();
  await service.temporal.workflow.getHandle(`audition/${id}`).terminate();

  const undo = (seconds: number) => runOps(service, ['auditions', 'undo', id, '--wait', `${seconds}`]);
  const startedAt = Date.now();
  const failed = await undo(3);
  expect(failed.exitCode).toBe(1);
  expect(failed.all).toContain('within the time of --wait. Do workers run?');
  expect(Date.now() - startedAt).toBeLessThan(30_000);

  await service.startWorker();
  expect((await undo(60)).all).toContain(`${id} is closed: failed.`);
  expect(service.sandbox.control.state().zoom.meetings).toEqual([]);
});
