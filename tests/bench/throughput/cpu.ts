/** Reads the CPU time of a worker process from its metrics. */

const metric = 'process_cpu_seconds_total';

/**
 * Returns the milliseconds of CPU time that the process has used since its start.
 * @throws {Error} when the metrics do not contain the CPU time
 */
export const cpuMillisecondsOf = async (metricsUrl: string): Promise<number> => {
  const response = await fetch(metricsUrl);
  const text = await response.text();
  const line = text.split('\n').find((line) => line.startsWith(`${metric} `));
  const seconds = Number(line?.slice(metric.length));
  if (!(seconds > 0)) throw new Error(`${metricsUrl} answered without ${metric}`);
  return 1_000 * seconds;
};
