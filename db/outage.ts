/** Tells an outage of PostgreSQL, or of the way to it, which passes, from a fault of ours, which does not. */

/** Node's names of a connection that failed. */
const network =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/**
 * PostgreSQL's (Appendix A of its manual): the classes 08, 53 and 57P, and what befalls a single statement on a busy
 * server: cancelled by its timeout (57014), a deadlock (40P01), a lock that was not to be had (55P03).
 */
const sqlStates = /^(08...|53...|57P0.|57014|40P01|55P03)$/;
/** pg says these in words only. */
const words = /Connection terminated|timeout exceeded when trying to connect|Query read timeout/;

const isPassing = (error: Error): boolean => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return network.test(code) || sqlStates.test(code) || words.test(error.message);
};

/** Drivers wrap: the fact is somewhere down the chain of causes. */
export const isDatabaseOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isPassing(current)) return true;
    if (current instanceof AggregateError && current.errors.some(isDatabaseOutage)) return true;
  }
  return false;
};
