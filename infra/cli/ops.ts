/** `npm run ops -- …`: the commands of an operator. `--help` lists them. */
import { Command } from 'commander';
import { AnchorNotAuthentic } from '../../db/trail/anchors.ts';
import { UsageError } from '../../foundation/configuration/cli-configuration.ts';
import { ConfigurationError } from '../../foundation/configuration/configuration.ts';
import { attentionCommand, auditionsCommand } from './ops/api-commands.ts';
import { auditCommand } from './ops/audit-command.ts';
import { calendarsCommand } from './ops/calendars-command.ts';
import { conflictsCommand } from './ops/conflicts-command.ts';
import { connectionsCommand } from './ops/connections-command.ts';
import { maintenanceCommand, readModelCommand } from './ops/database-commands.ts';
import { CommandFailed } from './ops/http-client.ts';
import { keysCommand } from './ops/keys-command.ts';
import { meetingBackupCommand } from './ops/meeting-backup-command.ts';
import { meetingsCommand } from './ops/meetings-command.ts';
import { organizationsCommand } from './ops/organizations-command.ts';
import { personCommand } from './ops/person-command.ts';
import { suppressionsCommand } from './ops/suppressions-command.ts';
import { waitingListCommand } from './ops/waiting-list-command.ts';
import { webhooksCommand } from './ops/webhooks-command.ts';
import { runProgram } from './run-program.ts';
import { TemporalUnreachable } from './temporal.ts';
import { DatabaseUnreachable } from './with-database.ts';

const program = new Command('ops')
  .description('Shows auditions, resolves attention items, and verifies, rebuilds and cleans up stored data.')
  .option('--json', 'print JSON instead of tables')
  .addCommand(attentionCommand())
  .addCommand(auditionsCommand())
  .addCommand(calendarsCommand())
  .addCommand(connectionsCommand())
  .addCommand(conflictsCommand())
  .addCommand(meetingBackupCommand())
  .addCommand(meetingsCommand())
  .addCommand(organizationsCommand())
  .addCommand(personCommand())
  .addCommand(readModelCommand())
  .addCommand(auditCommand())
  .addCommand(maintenanceCommand())
  .addCommand(keysCommand())
  .addCommand(webhooksCommand())
  .addCommand(suppressionsCommand())
  .addCommand(waitingListCommand())
  .showHelpAfterError();

const isExpected = (error: unknown): error is Error =>
  error instanceof CommandFailed ||
  error instanceof AnchorNotAuthentic ||
  error instanceof UsageError ||
  error instanceof ConfigurationError ||
  error instanceof DatabaseUnreachable ||
  error instanceof TemporalUnreachable;

await runProgram(program, isExpected);
