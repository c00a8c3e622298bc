/** Checks whether a worker process is ready. */

type Check = () => Promise<void>;

/**
 * Returns a check that resolves to the reasons against readiness, each prefixed with its subject; none when the
 * process is ready. Polling is not enough, since the pollers keep retrying during an outage of Temporal. `checks`
 * therefore also calls the server.
 */
export const createReadinessCheck =
  (
    workers: { notPolling(): readonly string[] },
    checks: Readonly<Record<string, Check>>,
  ): (() => Promise<readonly string[]>) =>
  async () => {
    const failures = await Promise.all(
      Object.entries(checks).map(([name, check]) => reasonsAgainst(name, check)),
    );
    return [...workers.notPolling(), ...failures.flat()];
  };

const reasonsAgainst = async (name: string, check: Check): Promise<readonly string[]> => {
  try {
    await check();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : 'does not answer'}`];
  }
};
