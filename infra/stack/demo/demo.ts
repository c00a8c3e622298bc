/** `npm run demo`: starts a separate, empty stack and runs one audition on it. */
import { Client, Connection } from '@temporalio/client';
import pc from 'picocolors';
import { createDatabaseClient } from '../../../db/client.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { temporalClientOptions, temporalConnectionOptions } from '../../../foundation/temporal/connection.ts';
import { loadConfiguration } from '../../../providers/configuration.ts';
import { addressTable } from '../address-table.ts';
import type { Stack } from '../stack.ts';
import { type StartOptions, untilAborted, withStack } from '../start.ts';
import { type FaultName, faults } from './faults.ts';
import { demoTimings, type InjectedFault, runScenario } from './scenario.ts';
import { DemoFailed } from './watch.ts';

export interface DemoOptions extends StartOptions {
  readonly fail?: FaultName | undefined;
  /** Keeps the stack running after the audition, even without a terminal. */
  readonly keep: boolean;
  /** Omits the pauses for reading the output. */
  readonly brief: boolean;
}

/** Runs the demo. Returns the exit code: 0 when the audition ended as expected. */
export const runDemo = (options: DemoOptions): Promise<number> =>
  withStack({ ...options, fresh: true }, async (stack, interrupted) => {
    console.log(addressTable(stack));
    if (!stack.apiKeys) {
      console.error(pc.red('The demo needs the local organization. Set CASTMATCH_ENV=local to add it.'));
      return 1;
    }
    const code = await runOnStack(stack, options);
    if (options.keep || process.stdin.isTTY) {
      console.log(pc.dim('\nThe stack keeps running. Stop it with Ctrl-C.'));
      await untilAborted(interrupted);
    }
    return code;
  });

const runOnStack = async (stack: Stack, { fail, brief }: DemoOptions): Promise<number> => {
  const configuration = loadConfiguration({ ...process.env, ...stack.env });
  const { temporal, smtp } = configuration;
  const connection = await Connection.connect(temporalConnectionOptions(temporal));
  const keys = createDatabaseClient(configuration.keyDatabaseUrl, { poolSize: 2 });
  const vault = createVault(keys.db, createKeyWrapping(configuration));
  try {
    const client = new Client({ connection, ...temporalClientOptions(configuration, vault) });
    await runScenario({
      apiUrl: configuration.publicUrl,
      inboxApi: smtp.journalUrl ?? '',
      client,
      namespace: temporal.namespace,
      links: (workflowId) => linksTo(stack, temporal.namespace, workflowId),
      fault: fail === undefined ? undefined : createInjectedFault(stack, fail),
      timing: brief ? demoTimings.brief : demoTimings.watched,
      print: (line) => console.log(line),
    });
    console.log(pc.green('The audition is complete, from request to decision.'));
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailed)) throw error;
    console.error(pc.red(error.message));
    return 1;
  } finally {
    await Promise.all([connection.close(), keys.close()]);
  }
};

const linksTo = ({ urls }: Stack, namespace: string, workflowId: string) => {
  const workflow = `/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
  const links: readonly (readonly [string, string | undefined])[] = [
    ['Web UI', urls.webUi && `${urls.webUi}${workflow}`],
    ['inbox', urls.inbox],
    ['sandbox', urls.sandbox],
  ];
  return links.flatMap(([name, url]) => (url === undefined ? [] : [[name, url] as const]));
};

const createInjectedFault = (stack: Stack, name: FaultName): InjectedFault => {
  const definition = faults[name];
  const { sandboxFault } = definition;
  if (!sandboxFault) {
    return { definition, switchOn: () => stack.stopPart('inbox'), switchOff: () => stack.startPart('inbox') };
  }
  const { vendor, ...fault } = sandboxFault;
  const put = async (body: object): Promise<void> => {
    const answer = await fetch(`${stack.urls.sandbox}/sandbox/faults/${vendor}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`the sandbox rejected the fault: ${await answer.text()}`);
  };
  return { definition, switchOn: () => put(fault), switchOff: () => put({ kind: 'none' }) };
};
