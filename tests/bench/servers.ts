/** The servers of one run of the bench: those of the tests, started by the same means. */
import { startPostgres } from '../harness/postgres-server.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { findOrStartTemporal } from '../harness/temporal-server.ts';

/** Takes everything down again, whatever comes of the work. */
export const withService = async <Result>(
  work: (service: ServiceUnderTest) => Promise<Result>,
): Promise<Result> => {
  const begun: { stop(): Promise<void> }[] = [];
  try {
    const postgres = await startPostgres();
    begun.push(postgres);
    const temporal = await findOrStartTemporal();
    begun.push(temporal);
    const service = await startService({ servers: { postgres, temporal } });
    begun.push({ stop: () => service.close() });
    return await work(service);
  } finally {
    for (const one of begun.toReversed()) await one.stop();
  }
};
