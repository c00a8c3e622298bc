/** Tests the local stack with an external Temporal server that has no search attributes yet. */
import { Connection } from '@temporalio/client';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { startTemporalProcess } from '../../infra/stack/parts/temporal.ts';
import { createPortChooser } from '../../infra/stack/ports.ts';
import { getTemporalCli } from '../../infra/stack/temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../../infra/stack/temporal-dev.ts';
import { isTemporalReady } from '../../infra/stack/temporal-server.ts';
import { eventually } from '../harness/eventually.ts';
import { findFreePort } from '../harness/free-port.ts';

const unexpectedStart = () =>
  Promise.reject(new Error('unexpected start of a process; the stack must use the external server'));

it('the local stack registers its search attributes on an external Temporal server', async () => {
  const settings = await loadTemporalDev();
  const port = await findFreePort();
  const bare = devServerArguments({ ...settings, searchAttributes: {} }, { port });
  const server = execa(await getTemporalCli(() => {}), bare, { reject: false });
  onTestFinished(async () => {
    server.kill('SIGTERM');
    await server;
  });
  const address = `127.0.0.1:${port}`;
  await eventually(() => isTemporalReady(address, settings.namespace), 30_000);

  const part = await startTemporalProcess(
    {
      dataFolder: '/nowhere',
      shellEnv: { TEMPORAL_ADDRESS: address },
      choosePort: createPortChooser(),
      supervisor: {
        start: unexpectedStart,
        stop: unexpectedStart,
        startAgain: unexpectedStart,
        stopAll: unexpectedStart,
        failure: new Promise(() => {}),
      },
    },
    () => {},
    'http://127.0.0.1:3000',
  );

  expect(part.env).toEqual({ TEMPORAL_ADDRESS: address });
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: settings.namespace,
  });
  await connection.close();
  expect(Object.keys(customAttributes)).toEqual(
    expect.arrayContaining(Object.keys(settings.searchAttributes)),
  );
});
