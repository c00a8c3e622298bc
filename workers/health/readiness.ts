/** Why a worker process cannot do its work now. */

type Check = () => Promise<void>;

/**
 * The reasons, each with what it is about in front; none when all is well. A queue that is polled says nothing of the
 * server: the pollers go on trying while Temporal is away. So it is asked as well.
 */
export const createReadinessCheck =
  (
    workers: { notPolling(): readonly string[] },
    checks: Readonly<Record<string, Check>>,
  ): (() => Promise<readonly string[]>) =>
  async () => {
    const failures = await Promise.all(Object.entries(checks).map(([name, check]) => failureOf(name, check)));
    return [...workers.notPolling(), ...failures.flat()];
  };

const failureOf = async (name: string, check: Check): Promise<readonly string[]> => {
  try {
    await check();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : 'does not answer'}`];
  }
};
