/** Finds or fetches the time-skipping test server of the workflow tests. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildOnce, type Progress } from './build-once.ts';
import { downloadWithSdk } from './download-with-sdk.ts';
import { cachePath, exists } from './paths.ts';

const testServerVersion = '1.31.0';
const executableName = 'temporal-test-server';

/** Searches the project's cache. Fetches nothing. Returns the path of the executable. */
export const findTestServer = async (
  cache = cachePath('temporal-test-server'),
): Promise<string | undefined> => {
  for (const folder of [testServerVersion, 'from-sdk']) {
    const path = join(cache, folder, executableName);
    if (await exists(path)) return path;
  }
  return undefined;
};

/**
 * Returns the path of the executable for `TestWorkflowEnvironment.createTimeSkipping` (`existing-path`).
 * Tries the cache, the SDK's downloader and Maven, in this order.
 *
 * @throws {Error} with instructions for a manual installation.
 */
export const getTestServer = async (
  progress: Progress,
  cache = cachePath('temporal-test-server'),
): Promise<string> => {
  const found = await findTestServer(cache);
  if (found !== undefined) return found;
  if (!(await download(progress, cache))) await fetchWithMaven(progress, cache);
  const fetched = await findTestServer(cache);
  if (fetched === undefined) throw new Error(howToGetTheTestServer);
  return fetched;
};

const howToGetTheTestServer = [
  'The time-skipping test server of Temporal is not installed and could not be fetched. Do one of these:',
  '  - install Java 11 or newer and Maven, and start again: the server is fetched once, in some seconds',
  '  - run the tests once with access to the internet: the SDK downloads it',
].join('\n');

const download = async (progress: Progress, cache: string): Promise<boolean> => {
  progress('downloading the time-skipping test server');
  return buildOnce(join(cache, 'from-sdk'), progress, async (folder) => {
    if (!(await downloadWithSdk('time-skipping', folder, executableName))) {
      throw new Error('the SDK could not download the test server');
    }
  }).then(
    () => true,
    () => false,
  );
};

const fetchWithMaven = async (progress: Progress, cache: string): Promise<void> => {
  for (const tool of ['java', 'mvn']) {
    const { exitCode } = await execa(tool, ['-version'], { reject: false });
    if (exitCode !== 0) throw new Error(howToGetTheTestServer);
  }
  progress('fetching the time-skipping test server with Maven, once (some seconds)');
  await buildOnce(join(cache, testServerVersion), progress, async (folder) => {
    const pomFile = join(folder, 'pom.xml');
    await writeFile(pomFile, pom);
    const copy = ['-B', '-q', '-f', pomFile, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
    const { exitCode, all } = await execa('mvn', copy, { reject: false, all: true });
    if (exitCode !== 0)
      throw new Error(`${howToGetTheTestServer}\n\nThe output of Maven:\n${all.slice(-1_500)}`);
    await writeWrapper(folder);
  });
};

/** Writes a shell script that runs the jar, because the SDK needs an executable. */
const writeWrapper = async (folder: string): Promise<void> => {
  const path = join(folder, executableName);
  await writeFile(path, wrapper);
  await chmod(path, 0o755);
};

const wrapper = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/*" io.temporal.testserver.TestServer "$@"
`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>castmatch</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${testServerVersion}</version>
    </dependency>
  </dependencies>
</project>
`;
