/** `ops audit verify` and `ops audit anchor`: use the database directly. The service need not run. */
import { Command } from 'commander';
import type { Database } from '../../../db/client.ts';
import { type AnchorBook, combineAnchors } from '../../../db/trail/anchors.ts';
import { type BrokenTrail, type CheckedTrails, checkTrails } from '../../../db/trail/check-trails.ts';
import { auditionIdsWithTrail, selectTrail } from '../../../db/trail/stored-events.ts';
import { createTrailCodes, type TrailCodes } from '../../../db/trail/trail-codes.ts';
import type { TrailFlaw } from '../../../db/trail/verify.ts';
import { type AuditionId, auditionIdSchema } from '../../../domain/ids.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { UsageError } from '../../../foundation/configuration/cli-configuration.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from '../administrative-acts.ts';
import { type Output } from '../output.ts';
import { renderTable } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';
import { readAnchors, storeAnchor } from './anchor-folder.ts';
import { CommandFailed } from './http-client.ts';

const auditionId = (text: string): AuditionId => {
  const parsed = auditionIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`"${text}" is not an audition id. Audition ids begin with aud_.`);
};

interface Work {
  readonly db: Database;
  readonly codes: TrailCodes;
  readonly output: Output;
}

const withTrails = (command: Command, work: (parts: Work) => Promise<void>): Promise<void> => {
  const access = loadVaultConfiguration();
  const codes = createTrailCodes(createKeyWrapping(access));
  return withDatabase(command, (db, output) => work({ db, codes, output }), {
    ...access,
    poolSize: 2,
    applicationName: 'castmatch-ops',
  });
};

/** Yields the auditions with a trail, and those whose trail an anchor has signed: a whole trail can be missing. */
async function* everyTrail(db: Database, anchors: AnchorBook): AsyncGenerator<AuditionId> {
  const missing = new Set(anchors.auditions);
  for await (const id of auditionIdsWithTrail(db)) {
    missing.delete(id);
    yield id;
  }
  yield* missing;
}

const noAnchors = combineAnchors([]);

const anchorsOf = async (
  codes: TrailCodes,
  { anchors: folder, maxAge }: VerifyOptions,
): Promise<AnchorBook> => {
  if (folder === undefined) {
    if (maxAge !== undefined) throw new UsageError('--max-age needs --anchors.');
    return noAnchors;
  }
  const anchors = await readAnchors(folder, codes);
  if (!anchors.newest)
    throw new CommandFailed(`There is no anchor in ${folder}. Make one with: ops audit anchor.`);
  const ageMs = Date.now() - Date.parse(anchors.newest.at);
  if (maxAge !== undefined && ageMs > maxAge * 3_600_000)
    throw new CommandFailed(
      `The newest anchor is of ${anchors.newest.at}, more than ${maxAge} hours ago: later anchors are missing, or none was made.`,
    );
  return anchors;
};

const flaws: Readonly<Record<TrailFlaw, string>> = {
  chain: 'was changed, moved, removed or inserted',
  code: 'its code is not its own, or missing',
  unknown_key: 'its code is under a key that is not configured',
  anchor: 'is not what an anchor has signed',
};

const brokenTable = (broken: readonly BrokenTrail[]): string =>
  renderTable(
    ['audition', 'broken at event', 'the event'],
    broken.map(({ auditionId: id, sequence, flaw }) => [id, String(sequence), flaws[flaw]]),
  );

const describe = (only: AuditionId | undefined, { auditions, broken, uncoded }: CheckedTrails): string => {
  if (broken.length > 0) return brokenTable(broken);
  const intact = only
    ? 'The audit trail is intact.'
    : auditions === 0
      ? 'There is no audit trail yet.'
      : `All ${auditions} audit trails are intact.`;
  return uncoded === 0
    ? intact
    : `${intact} ${uncoded} events are of an earlier version and have hashes only: an anchor protects them.`;
};

interface VerifyOptions {
  readonly anchors?: string;
  readonly maxAge?: number;
}

const verifyCommand = (): Command =>
  new Command('verify')
    .description('verify the hash chain and the authentication codes; exit code 1 when a trail is broken')
    .argument('[id]', 'one audition; without it, all of them')
    .option('--anchors <folder>', 'also compare the trails with the anchors in this folder')
    .option(
      '--max-age <hours>',
      'fail when the newest anchor is older',
      wholeNumber('use a whole number of hours, 1 or more'),
    )
    .action((id: string | undefined, options: VerifyOptions, command: Command) =>
      withTrails(command, async ({ db, codes, output }) => {
        const only = id === undefined ? undefined : auditionId(id);
        const anchors = await anchorsOf(codes, options);
        const result = await checkTrails(db, codes, only ? [only] : everyTrail(db, anchors), anchors);
        if (result.broken.length > 0) process.exitCode = 1;
        else if (only && (await selectTrail(db, only).limit(1)).length === 0)
          throw new CommandFailed(`There is no audition ${only}.`);
        const { auditions, broken, uncoded } = result;
        output.show({ auditions, broken, uncoded, anchor: anchors.newest?.at }, () => describe(only, result));
      }),
    );

const anchorCommand = (): Command =>
  new Command('anchor')
    .description(
      'verify all trails, and sign the ends that are new in a file; keep the files where nobody who can write the database can write; run it once a day',
    )
    .requiredOption('--folder <folder>', 'the folder of the anchors; it has those that were made before')
    .action(({ folder }: { readonly folder: string }, command: Command) =>
      withTrails(command, async ({ db, codes, output }) => {
        const anchors = await readAnchors(folder, codes);
        const { broken, entries, auditions } = await checkTrails(db, codes, everyTrail(db, anchors), anchors);
        const at = toInstant(Date.now());
        const { path, code } = await storeAnchor(folder, codes, {
          at,
          previous: anchors.newest?.code ?? null,
          entries,
        });
        await noteAct(db, 'npm run ops', {
          organization: undefined,
          act: 'trail.anchored',
          target: code,
          detail: { auditions, ends: entries.length, broken: broken.length },
        });
        if (broken.length > 0) process.exitCode = 1;
        output.show({ at, path, code, auditions, ends: entries.length, broken }, () =>
          [
            `Signed ${entries.length} new ends of ${auditions} audit trails: ${path}`,
            `The code of the anchor is ${code}.`,
            ...(broken.length > 0 ? ['Broken trails were left out:', brokenTable(broken)] : []),
          ].join('\n'),
        );
      }),
    );

/** Creates the command `ops audit`. */
export const auditCommand = (): Command =>
  new Command('audit').description('the audit trail').addCommand(verifyCommand()).addCommand(anchorCommand());
