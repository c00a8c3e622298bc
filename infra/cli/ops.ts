/** `npm run ops -- …`: what an operator does from a terminal. `--help` says the rest. */
import { Command } from 'commander';
import { ConfigurationError } from '../../foundation/configuration/configuration.ts';
import { MissingSetting } from '../../foundation/configuration/operator.ts';
import { DatabaseAway } from './on-database.ts';
import { auditCommand, maintenanceCommand, readModelCommand } from './ops/commands-on-database.ts';
import { attentionCommand, auditionsCommand } from './ops/commands-over-http.ts';
import { connectionsCommand } from './ops/connections-command.ts';
import { CallRefused } from './ops/http-client.ts';
import { keysCommand } from './ops/keys-command.ts';
import { webhooksCommand } from './ops/webhooks-command.ts';
import { runProgram } from './run-program.ts';

const program = new Command('ops')
  .description(
    'Looks at auditions, resolves what waits for a person, checks, rebuilds and tidies up what is stored.',
  )
  .option('--json', 'print JSON instead of tables')
  .addCommand(attentionCommand())
  .addCommand(auditionsCommand())
  .addCommand(connectionsCommand())
  .addCommand(readModelCommand())
  .addCommand(auditCommand())
  .addCommand(maintenanceCommand())
  .addCommand(keysCommand())
  .addCommand(webhooksCommand())
  .showHelpAfterError();

const isExpected = (error: unknown): error is Error =>
  error instanceof CallRefused ||
  error instanceof MissingSetting ||
  error instanceof ConfigurationError ||
  error instanceof DatabaseAway;

await runProgram(program, isExpected);
