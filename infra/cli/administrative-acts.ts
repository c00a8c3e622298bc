/** Records what an operator did with a command in the audit trail of administrative acts. */
import { randomUUID } from 'node:crypto';
import { createAdministrativeActs } from '../../db/access/administrative-acts.ts';
import type { Database } from '../../db/client.ts';
import { commandPrincipal } from '../../domain/audition/principal.ts';

type NewAct = Parameters<ReturnType<typeof createAdministrativeActs>['record']>[0];

/** Stores one act. `program` is the command that the operator ran. */
export const noteAct = (
  db: Database,
  program: 'npm run ops' | 'npm run vault',
  act: Omit<NewAct, 'by' | 'principal' | 'role' | 'correlationId'>,
): Promise<void> =>
  createAdministrativeActs(db).record({
    ...act,
    by: program,
    principal: commandPrincipal(program),
    role: 'command_line',
    correlationId: randomUUID(),
  });
