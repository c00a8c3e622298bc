import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { KmsFailure } from '../../foundation/encryption/aws-kms.ts';
import { isOutage } from './outages.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });
const grpc = (code: number, details = '') => Object.assign(new Error('x'), { code, details, metadata: {} });

describe('an outage', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED')],
    ['a connection that was never made in time', new Error('timeout exceeded when trying to connect')],
    ['PostgreSQL shutting down', coded('57P01')],
    ['PostgreSQL out of connections', coded('53300')],
    ['a host that is not to be reached', coded('EHOSTUNREACH')],
    ['a network that is not to be reached', coded('ENETUNREACH')],
    ['a statement that took too long', coded('57014')],
    ['a deadlock', coded('40P01')],
    ['a driver’s error around one', new Error('Failed query', { cause: coded('08006') })],
    ['one among several addresses', new AggregateError([coded('ECONNREFUSED')])],
    ['the KMS away', new KmsFailure('unwrap', 'ECONNREFUSED')],
    ['Temporal away', new ServiceError('x', { cause: grpc(14) })],
    [
      'a query while the worker was killed',
      new ServiceError('x', {
        cause: grpc(9, 'Unable to query workflow due to Workflow Task in failed state.'),
      }),
    ],
    [
      'a start while the worker was killed',
      Object.assign(grpc(9, 'Update-with-Start could not be executed.'), {
        message: 'Unable to perform workflow execution update due to Workflow Task in failed state.',
      }),
    ],
    [
      'an update nobody accepted in time',
      new WorkflowUpdateRPCTimeoutOrCancelledError('x', { cause: grpc(4) }),
    ],
  ])('is %s', (_what, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each([
    ['a mistake of ours', new TypeError('x is not a function')],
    ['a broken constraint', coded('23505')],
    ['a query that is wrong', coded('42601')],
    ['another precondition', new ServiceError('x', { cause: grpc(9, 'the namespace is deprecated') })],
    ['a request Temporal finds invalid', new ServiceError('x', { cause: grpc(3) })],
    ['no error at all', 'ECONNREFUSED'],
  ])('is not %s', (_what, error) => {
    expect(isOutage(error)).toBe(false);
  });
});
