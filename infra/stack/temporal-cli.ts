/** Finds or fetches the Temporal CLI. Its command `server start-dev` is the local Temporal server. */
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { buildOnce, type Progress } from './build-once.ts';
import { downloadWithSdk } from './download-with-sdk.ts';
import { cachePath, exists } from './paths.ts';

/** Newer versions contain a replace directive, which `go install` rejects. */
const cliVersion = '1.5.1';
const cliModule = `github.com/temporalio/cli/cmd/temporal@v${cliVersion}`;

/** The Go version that the module requires. */
export const oldestGo = { major: 1, minor: 24 };

/** The first server version with update-with-start enabled by default. */
const oldestServer = { major: 1, minor: 28 };

/** Checks the output of `temporal --version`, such as `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
export const serverIsRecentEnough = (versionLine: string): boolean => {
  const [, major, minor] = /Server (\d+)\.(\d+)\./.exec(versionLine) ?? [];
  if (major === undefined || minor === undefined) return false;
  return (
    Number(major) > oldestServer.major ||
    (Number(major) === oldestServer.major && Number(minor) >= oldestServer.minor)
  );
};

/** Searches the PATH, then the project's cache. Fetches nothing. */
export const findTemporalCli = async (cache = cachePath('temporal-cli')): Promise<string | undefined> => {
  const onPath = await execa('temporal', ['--version'], { reject: false });
  if (onPath.exitCode === 0 && serverIsRecentEnough(onPath.stdout)) return 'temporal';
  for (const folder of [cliVersion, 'from-sdk']) {
    const path = join(cache, folder, 'temporal');
    if (await exists(path)) return path;
  }
  return undefined;
};

/**
 * Returns the path of the executable. Tries the PATH, the cache, the SDK's downloader and Go, in this order.
 *
 * @throws {Error} with instructions for a manual installation.
 */
export const getTemporalCli = async (
  progress: Progress,
  cache = cachePath('temporal-cli'),
): Promise<string> => {
  const found = await findTemporalCli(cache);
  if (found !== undefined) return found;
  if (!(await download(progress, cache)) && !(await buildWithGo(progress, cache))) {
    throw new Error(howToGetTheCli);
  }
  const fetched = await findTemporalCli(cache);
  if (fetched === undefined) throw new Error(howToGetTheCli);
  return fetched;
};

const howToGetTheCli = [
  'The Temporal CLI is not installed, could not be downloaded, and could not be built with Go. Do one of these:',
  '  - install it: https://docs.temporal.io/cli/setup-cli, so that `temporal` is on the PATH',
  `  - install Go ${oldestGo.major}.${oldestGo.minor} or newer, and start again: the CLI is built once, in about 4 minutes (${cliModule})`,
  '  - set TEMPORAL_ADDRESS to a running Temporal server',
].join('\n');

const download = async (progress: Progress, cache: string): Promise<boolean> => {
  progress('downloading the Temporal CLI');
  const target = join(cache, 'from-sdk');
  const isDownloaded = await buildOnce(target, progress, async (folder) => {
    if (!(await downloadWithSdk('dev-server', folder, 'temporal'))) throw new DownloadUnavailable();
  }).then(() => true, falseIfUnavailable);
  return isDownloaded;
};

const buildWithGo = async (progress: Progress, cache: string): Promise<boolean> => {
  const go = await execa('go', ['version'], { reject: false });
  if (go.exitCode !== 0) return false;
  progress('building the Temporal CLI with Go, once (about 4 minutes)');
  await buildOnce(join(cache, cliVersion), progress, (folder) => goInstall(progress, folder));
  return true;
};

const goInstall = async (progress: Progress, folder: string): Promise<void> => {
  const started = Date.now();
  let packages = 0;
  // -v prints each compiled package, which is the only progress output of a Go build.
  const build = execa('go', ['install', '-v', '-trimpath', '-ldflags=-s -w', cliModule], {
    env: { GOBIN: folder },
    all: true,
    maxBuffer: 10_000_000,
  });
  build.all.on('data', (chunk: Buffer) => {
    packages += chunk.toString().split('\n').length - 1;
  });
  const ticker = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1_000);
    progress(`building the Temporal CLI with Go: ${packages} packages in ${seconds} s (about 4 minutes)`);
  }, 5_000);
  try {
    await build;
  } catch (error) {
    const output = error instanceof ExecaError ? (error.all ?? '').slice(-1_500) : String(error);
    throw new Error(`${howToGetTheCli}\n\nThe build with Go failed:\n${output}`, { cause: error });
  } finally {
    clearInterval(ticker);
  }
};

class DownloadUnavailable extends Error {}

const falseIfUnavailable = (error: unknown): false => {
  if (error instanceof DownloadUnavailable) return false;
  throw error;
};
