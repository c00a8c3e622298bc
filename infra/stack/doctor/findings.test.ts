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

const finding = (state: SystemState, about: string) =>
  findingsOf(state).find((candidate) => candidate.about === about);

describe('npm run stack:doctor', () => {
  it('reports no problem on a machine that has everything', () => {
    expect(findingsOf(healthy).every(({ verdict }) => verdict === 'good')).toBe(true);
  });

  it('reports a missing Temporal CLI as untried, to be downloaded or built with Go', () => {
    const state = { ...healthy, temporalCli: undefined };
    expect(finding(state, 'Temporal CLI')).toMatchObject({
      verdict: 'untried',
      found: 'not installed yet',
      whatToDo: expect.stringMatching(/will try to download it, or else build it with Go/),
    });
    expect(stackCanStart(findingsOf(state))).toBe(true);
    expect(isUntried(findingsOf(state))).toBe(true);
    expect(isUntried(findingsOf(healthy))).toBe(false);
  });

  it.each([undefined, 'go version go1.22.2 linux/amd64'])(
    'names the alternatives for a missing Temporal CLI without a recent Go: %s',
    (go) => {
      const state = { ...healthy, temporalCli: undefined, go };
      expect(finding(state, 'Temporal CLI')?.whatToDo).toMatch(/will try.*if that fails, install Go 1\.24/);
      expect(stackCanStart(findingsOf(state))).toBe(true);
    },
  );

  it('reports a Go that is too old as missing', () => {
    const old = { ...healthy, go: 'go version go1.23.9 linux/amd64' };
    expect(finding(old, 'Go')).toMatchObject({ verdict: 'note', found: expect.stringContaining('too old') });
    expect(finding({ ...healthy, go: 'go version go2.0 linux/amd64' }, 'Go')?.verdict).toBe('good');
  });

  it('reports that a missing test server will be downloaded', () => {
    const state = { ...healthy, testServer: undefined, java: undefined };
    expect(finding(state, 'Test server')?.whatToDo).toMatch(
      /^the first workflow test will try to download it/,
    );
  });

  it.each([
    ['v24.15.0', 'good'],
    ['v25.0.0', 'good'],
    ['v24.14.9', 'blocks'],
    ['v22.20.0', 'blocks'],
  ] as const)('reports Node.js %s as %s', (node, verdict) => {
    expect(finding({ ...healthy, node }, 'Node.js')?.verdict).toBe(verdict);
  });

  it('reports a namespace whose retention is shorter than the time to reopen an audition', () => {
    expect(finding({ ...healthy, retentionDays: 30 }, 'Retention')?.verdict).toBe('good');
    expect(finding({ ...healthy, retentionDays: 14 }, 'Retention')).toMatchObject({
      verdict: 'note',
      whatToDo: expect.stringContaining('--retention 15d'),
    });
    expect(finding(healthy, 'Retention')).toBeUndefined();
  });

  it('needs neither the CLI nor PostgreSQL with external servers', () => {
    const state: SystemState = {
      ...healthy,
      temporalCli: undefined,
      go: undefined,
      postgresProblem: 'none for this machine',
      external: { temporal: true, database: true },
    };
    expect(stackCanStart(findingsOf(state))).toBe(true);
  });

  it('reports why PostgreSQL cannot run', () => {
    const state = { ...healthy, postgresProblem: 'Set DATABASE_URL' };
    expect(finding(state, 'PostgreSQL')).toMatchObject({ verdict: 'blocks', whatToDo: 'Set DATABASE_URL' });
    expect(stackCanStart(findingsOf(state))).toBe(false);
  });

  it('reports an old Node.js as blocking', () => {
    expect(stackCanStart(findingsOf({ ...healthy, node: 'v20.20.2' }))).toBe(false);
  });

  it('reports a busy port as a note, not as blocking', () => {
    const state = { ...healthy, ports: [{ purpose: 'the API', port: 3000, free: false }] };
    expect(finding(state, 'Port 3000')).toMatchObject({
      verdict: 'note',
      found: 'taken, the API will use another port',
    });
    expect(stackCanStart(findingsOf(state))).toBe(true);
  });

  it('reports a small disk as a note and a full disk as blocking', () => {
    expect(finding({ ...healthy, freeDiskBytes: 1e9 }, 'Disk')?.verdict).toBe('note');
    expect(finding({ ...healthy, freeDiskBytes: 1e7 }, 'Disk')?.verdict).toBe('blocks');
  });
});
