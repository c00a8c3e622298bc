/** Evaluates the state of the machine. Pure: `inspect-system.ts` collects the state. */
import { oldestGo } from '../temporal-cli.ts';
import { neededRetentionDays } from '../temporal-retention.ts';

export interface PortState {
  readonly purpose: string;
  readonly port: number;
  readonly free: boolean;
}

export interface SystemState {
  readonly node: string;
  readonly npm?: string | undefined;
  readonly go?: string | undefined;
  readonly java?: string | undefined;
  readonly maven?: string | undefined;
  readonly chromium?: string | undefined;
  /** The path of the Temporal CLI. */
  readonly temporalCli?: string | undefined;
  readonly testServer?: string | undefined;
  /** The reason why PostgreSQL cannot run. Undefined if it can. */
  readonly postgresProblem?: string | undefined;
  readonly ports: readonly PortState[];
  readonly freeDiskBytes: number;
  /** Whether the variables that replace a part of the stack are set. */
  readonly external: { readonly temporal: boolean; readonly database: boolean };
  /** The retention of the namespace at TEMPORAL_ADDRESS. Undefined without it, or when the server does not tell. */
  readonly retentionDays?: number | undefined;
}

export type Verdict = 'good' | 'blocks' | 'untried' | 'note';

export interface Finding {
  readonly about: string;
  /**
   * `blocks`: `npm start` cannot work. `untried`: it works if this can be fetched. `note`: for information.
   */
  readonly verdict: Verdict;
  readonly found: string;
  readonly whatToDo?: string;
}

/** Space for the dependencies, the Temporal CLI with Go's build cache, and the data of some weeks. */
const neededDiskBytes = 3_000_000_000;
/** The workflow threads use `module.registerHooks`, a release candidate from this version on. */
const oldestNode = { major: 24, minor: 15 };

/** Returns the findings in the order to print. */
export const findingsOf = (state: SystemState): readonly Finding[] => [
  nodeFinding(state),
  optionalToolFinding('npm', state.npm, 'comes with Node.js: https://nodejs.org'),
  postgresFinding(state),
  temporalFinding(state),
  ...retentionFinding(state),
  goFinding(state),
  testServerFinding(state),
  optionalToolFinding(
    'Java',
    state.java,
    'only needed for the workflow tests, if their server cannot be downloaded',
  ),
  optionalToolFinding(
    'Maven',
    state.maven,
    'only needed to fetch the server of the workflow tests, if it cannot be downloaded',
  ),
  optionalToolFinding('Chromium', state.chromium, 'only needed to take the screenshots of the documentation'),
  diskFinding(state),
  ...state.ports.map(portFinding),
];

/** Returns whether `npm start` must first fetch something, which may fail. */
export const isUntried = (findings: readonly Finding[]): boolean =>
  findings.some(({ verdict }) => verdict === 'untried');

/** Returns whether no finding blocks `npm start`. */
export const stackCanStart = (findings: readonly Finding[]): boolean =>
  findings.every(({ verdict }) => verdict !== 'blocks');

const nodeFinding = ({ node }: SystemState): Finding => {
  const [, major = 0, minor = 0] = (/^v(\d+)\.(\d+)\./.exec(node) ?? []).map(Number);
  return major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor)
    ? { about: 'Node.js', verdict: 'good', found: node }
    : {
        about: 'Node.js',
        verdict: 'blocks',
        found: node,
        whatToDo: `run this through npm (npm run stack:doctor), which brings Node.js ${oldestNode.major}`,
      };
};

const optionalToolFinding = (about: string, found: string | undefined, whatFor: string): Finding =>
  found === undefined
    ? { about, verdict: 'note', found: 'not installed', whatToDo: whatFor }
    : { about, verdict: 'good', found };

const postgresFinding = ({ external, postgresProblem }: SystemState): Finding => {
  if (external.database) return { about: 'PostgreSQL', verdict: 'good', found: 'DATABASE_URL (not tried)' };
  return postgresProblem === undefined
    ? { about: 'PostgreSQL', verdict: 'good', found: 'installed with the dependencies' }
    : { about: 'PostgreSQL', verdict: 'blocks', found: 'cannot run', whatToDo: postgresProblem };
};

/** Parses `go version go1.26.8 linux/amd64`. */
const isRecentGo = (versionLine: string | undefined): boolean => {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(versionLine ?? '') ?? [];
  if (major === undefined || minor === undefined) return false;
  return (
    Number(major) > oldestGo.major || (Number(major) === oldestGo.major && Number(minor) >= oldestGo.minor)
  );
};

const goNeeded = `Go ${oldestGo.major}.${oldestGo.minor} or newer`;

const goFinding = ({ go }: SystemState): Finding => {
  const whatToDo = `${goNeeded} is only needed to build the Temporal CLI, if it cannot be downloaded: https://go.dev/dl`;
  if (go === undefined) return { about: 'Go', verdict: 'note', found: 'not installed', whatToDo };
  return isRecentGo(go)
    ? { about: 'Go', verdict: 'good', found: go }
    : { about: 'Go', verdict: 'note', found: `${go}: too old`, whatToDo };
};

const temporalFinding = ({ external, temporalCli, go }: SystemState): Finding => {
  const about = 'Temporal CLI';
  if (external.temporal) return { about, verdict: 'good', found: 'TEMPORAL_ADDRESS (not tried)' };
  if (temporalCli !== undefined) return { about, verdict: 'good', found: temporalCli };
  return {
    about,
    verdict: 'untried',
    found: 'not installed yet',
    whatToDo: isRecentGo(go)
      ? 'the first start will try to download it, or else build it with Go in about 4 minutes'
      : `the first start will try to download it; if that fails, install ${goNeeded}, or https://docs.temporal.io/cli/setup-cli, or set TEMPORAL_ADDRESS`,
  };
};

const retentionFinding = ({ retentionDays }: SystemState): readonly Finding[] => {
  if (retentionDays === undefined) return [];
  const finding = { about: 'Retention', found: `Temporal keeps ended workflows for ${retentionDays} days` };
  if (retentionDays >= neededRetentionDays) return [{ ...finding, verdict: 'good' }];
  const whatToDo =
    `closed auditions can be reopened for that long only; extend it to at least ${neededRetentionDays} days: ` +
    `temporal operator namespace update --namespace <namespace> --retention ${neededRetentionDays}d`;
  return [{ ...finding, verdict: 'note', whatToDo }];
};

const testServerFinding = ({ testServer, java, maven }: SystemState): Finding => {
  const about = 'Test server';
  if (testServer !== undefined) return { about, verdict: 'good', found: testServer };
  const canFetch = java !== undefined && maven !== undefined;
  return {
    about,
    verdict: 'note',
    found: 'not installed yet',
    whatToDo: canFetch
      ? 'the first workflow test will try to download it, or else fetch it with Maven'
      : 'the first workflow test will try to download it; if that fails, install Java 11 or newer and Maven',
  };
};

const diskFinding = ({ freeDiskBytes }: SystemState): Finding => {
  const found = `${(freeDiskBytes / 1e9).toFixed(1)} GB free`;
  return freeDiskBytes >= neededDiskBytes
    ? { about: 'Disk', verdict: 'good', found }
    : {
        about: 'Disk',
        verdict: freeDiskBytes < neededDiskBytes / 10 ? 'blocks' : 'note',
        found,
        whatToDo: 'free some space: a first start can need 3 GB, mostly to build the Temporal CLI',
      };
};

const portFinding = ({ purpose, port, free }: PortState): Finding => ({
  about: `Port ${port}`,
  verdict: free ? 'good' : 'note',
  found: free ? `free, for ${purpose}` : `taken, ${purpose} will use another port`,
});
