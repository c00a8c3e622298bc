/**
 * `npm run check:audit`: compares the lock file with the advisories of the configured package registry. Exit code 1 for
 * an advisory of moderate or higher severity that infra/cli/dependency-audit/allowed-advisories.json does not allow.
 * Without the registry, nothing can be audited: the check says so and passes, unless `--required` is set.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { allowedAdvisoriesSchema, judgeAudit } from './dependency-audit/report.ts';

const timeoutMs = 60_000;
const allowList = join(import.meta.dirname, 'dependency-audit/allowed-advisories.json');

const { required } = new Command('check:audit')
  .option('--required', 'fail when the registry does not answer; for builds that have a network')
  .parse()
  .opts<{ readonly required?: true }>();

// .npmrc turns off the audit at installations only by default: `--audit` turns it on here.
const { stdout } = await execa(
  'npm',
  ['audit', '--audit', '--package-lock-only', '--json', '--fetch-retries=1'],
  {
    reject: false,
    timeout: timeoutMs,
  },
);
const allowed = allowedAdvisoriesSchema.parse(JSON.parse(await readFile(allowList, 'utf8')));
const result = judgeAudit(stdout, allowed, new Date().toISOString().slice(0, 10));

switch (result.kind) {
  case 'not_audited':
    console.warn(`DEPENDENCIES NOT AUDITED: the package registry gave no report (${result.reason}).`);
    if (required) process.exitCode = 1;
    break;
  case 'audited':
    for (const { name, range, severity, title, url } of result.rejected)
      console.error(`${severity}: ${name} ${range}: ${title} (${url})`);
    for (const { name, range, severity, title, url } of result.minor)
      console.warn(`${severity}, not failing: ${name} ${range}: ${title} (${url})`);
    for (const { advisory, until } of result.stale)
      console.warn(`remove from allowed-advisories.json, or judge again: ${advisory} (until ${until})`);
    if (result.rejected.length > 0) {
      console.error('Update these packages, or allow the advisory with a reason and a date.');
      process.exitCode = 1;
    } else console.log('dependencies audited: no advisory to act on');
}
