import { describe, expect, it } from 'vitest';
import { type Facts, findingsOf, stackCanStart } from './findings.ts';

const healthy: Facts = {
  node: 'v24.21.0',
  npm: '11.19.1',
  go: 'go version go1.26.8',
  java: 'openjdk 17',
  maven: 'Apache Maven 3.8.7',
  chromium: 'Chromium 156',
  temporalCli: 'temporal',
  testServer: 'temporal-test-server',
  ports: [{ purpose: 'the API', port: 3000, free: true }],
  freeDiskBytes: 50e9,
  given: { temporal: false, database: false },
};

const finding = (facts: Facts, about: string) => findingsOf(facts).find((found) => found.about === about);

describe('the doctor', () => {
  it('finds nothing wrong with a machine that has everything', () => {
    expect(findingsOf(healthy).every(({ verdict }) => verdict === 'good')).toBe(true);
  });

  it('lets a stack start that can still build the Temporal CLI with Go', () => {
    const facts = { ...healthy, temporalCli: undefined };
    expect(finding(facts, 'Temporal CLI')).toMatchObject({ verdict: 'note', found: 'not there yet' });
    expect(stackCanStart(findingsOf(facts))).toBe(true);
  });

  it('says how to get the Temporal CLI when there is no way to build it', () => {
    const facts = { ...healthy, temporalCli: undefined, go: undefined };
    expect(finding(facts, 'Temporal CLI')?.whatToDo).toContain('TEMPORAL_ADDRESS');
    expect(stackCanStart(findingsOf(facts))).toBe(false);
  });

  it('needs neither CLI nor PostgreSQL where servers are given', () => {
    const facts: Facts = {
      ...healthy,
      temporalCli: undefined,
      go: undefined,
      postgresProblem: 'none for this machine',
      given: { temporal: true, database: true },
    };
    expect(stackCanStart(findingsOf(facts))).toBe(true);
  });

  it('passes on why PostgreSQL cannot run', () => {
    const facts = { ...healthy, postgresProblem: 'Set DATABASE_URL' };
    expect(finding(facts, 'PostgreSQL')).toMatchObject({ verdict: 'blocks', whatToDo: 'Set DATABASE_URL' });
    expect(stackCanStart(findingsOf(facts))).toBe(false);
  });

  it('refuses an old Node.js', () => {
    expect(stackCanStart(findingsOf({ ...healthy, node: 'v20.20.2' }))).toBe(false);
  });

  it('takes a busy port for something to know, not for an obstacle', () => {
    const facts = { ...healthy, ports: [{ purpose: 'the API', port: 3000, free: false }] };
    expect(finding(facts, 'Port 3000')).toMatchObject({
      verdict: 'note',
      found: 'taken, the API will move to another',
    });
    expect(stackCanStart(findingsOf(facts))).toBe(true);
  });

  it('warns of a small disk and stops at a full one', () => {
    expect(finding({ ...healthy, freeDiskBytes: 1e9 }, 'Disk')?.verdict).toBe('note');
    expect(finding({ ...healthy, freeDiskBytes: 1e7 }, 'Disk')?.verdict).toBe('blocks');
  });
});
