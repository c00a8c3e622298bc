import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { KmsFailure } from '../../foundation/encryption/aws-kms.ts';
import { isOutage } from './outages.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });
const grpc = (code: number, details = '') => Object.assign(new Error('x'), { code, details, metadata: {} });

describe('isOutage', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED')],
    ['a connection timeout', new Error('timeout exceeded when trying to connect')],
    ['PostgreSQL shutting down', coded('57P01')],
    ['PostgreSQL out of connections', coded('53300')],
    ['a standby that is starting', coded('57P03')],
    ['a read-only primary', coded('25006')],
    ['a session that PostgreSQL ended in an idle transaction', coded('25P03')],
    ['a transaction that PostgreSQL ended after its timeout', coded('25P04')],
    ['an unreachable host', coded('EHOSTUNREACH')],
    ['an unreachable network', coded('ENETUNREACH')],
    ['a statement that took too long', coded('57014')],
    ['a deadlock', coded('40P01')],
    ['a connection error wrapped by the driver', new Error('Failed query', { cause: coded('08006') })],
    ['refused connections to several addresses', new AggregateError([coded('ECONNREFUSED')])],
    ['an unreachable KMS', new KmsFailure('unwrap', 'ECONNREFUSED')],
    ['an unreachable Temporal', new ServiceError('x', { cause: grpc(14) })],
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
      'an update that no worker accepted in time',
      new WorkflowUpdateRPCTimeoutOrCancelledError('x', { cause: grpc(4) }),
    ],
  ])('is true for %s', (_case, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each([
    ['a programming error', new TypeError('x is not a function')],
    ['a violated constraint', coded('23505')],
    ['an invalid query', coded('42601')],
    ['another precondition', new ServiceError('x', { cause: grpc(9, 'the namespace is deprecated') })],
    ['an invalid request to Temporal', new ServiceError('x', { cause: grpc(3) })],
    ['a value that is not an error', 'ECONNREFUSED'],
  ])('is false for %s', (_case, error) => {
    expect(isOutage(error)).toBe(false);
  });
});
