/** What a command that goes through the API needs: the API, and where to say what it answered. */
import type { Command } from 'commander';
import { readHttpSettings } from '../../../foundation/configuration/operator.ts';
import { createOpsClient, type OpsClient } from './http-client.ts';
import { type Output, outputTo } from './print.ts';

export const overHttp = (command: Command): { readonly client: OpsClient; readonly output: Output } => ({
  client: createOpsClient(readHttpSettings()),
  output: outputTo(console.log, command.optsWithGlobals()['json'] === true),
});
