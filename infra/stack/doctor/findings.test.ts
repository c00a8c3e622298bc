import { describe, expect, it } from 'vitest';
import { findingsOf, isUntried, type SystemState, stackCanStart } from './findings.ts';

const healthy: SystemState = {
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
  external: { temporal: false, database: false },
};

const finding = (facts: SystemState, about: string) =>
  findingsOf(facts).find((found) => found.about === about);

describe('the doctor', () => {
  it('finds nothing wrong with a machine that has everything', () => {
    expect(findingsOf(healthy).every(({ verdict }) => verdict === 'good')).toBe(true);
  });

  it('does not promise what nobody has tried: the Temporal CLI may be downloaded, or built with Go', () => {
    const facts = { ...healthy, temporalCli: undefined };
    expect(finding(facts, 'Temporal CLI')).toMatchObject({
      verdict: 'untried',
      found: 'not there yet',
      whatToDo: expect.stringMatching(/will try to download it, and else build it with Go/),
    });
    expect(stackCanStart(findingsOf(facts))).toBe(true);
    expect(isUntried(findingsOf(facts))).toBe(true);
    expect(isUntried(findingsOf(healthy))).toBe(false);
  });

  it.each([undefined, 'go version go1.22.2 linux/amd64'])(
    'says how else to get the Temporal CLI when there is nothing to build it with: %s',
    (go) => {
      const facts = { ...healthy, temporalCli: undefined, go };
      expect(finding(facts, 'Temporal CLI')?.whatToDo).toMatch(
        /will try.*where that fails, install Go 1\.24/,
      );
      expect(stackCanStart(findingsOf(facts))).toBe(true);
    },
  );

  it('takes an old Go for none', () => {
    const old = { ...healthy, go: 'go version go1.23.9 linux/amd64' };
    expect(finding(old, 'Go')).toMatchObject({ verdict: 'note', found: expect.stringContaining('too old') });
    expect(finding({ ...healthy, go: 'go version go2.0 linux/amd64' }, 'Go')?.verdict).toBe('good');
  });

  it('does not say of the test server that it cannot be had before anybody has tried', () => {
    const facts = { ...healthy, testServer: undefined, java: undefined };
    expect(finding(facts, 'Test server')?.whatToDo).toMatch(
      /^the first workflow test will try to download it/,
    );
  });

  it('needs neither CLI nor PostgreSQL where servers are given', () => {
    const facts: SystemState = {
      ...healthy,
      temporalCli: undefined,
      go: undefined,
      postgresProblem: 'none for this machine',
      external: { temporal: true, database: true },
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
