/** Refuses requests with a faulty header Host or Expect, with a problem document. */
import { Refusal } from '../../domain/errors.ts';
import { headFaultOf } from '../../foundation/http/head-faults.ts';
import type { Api } from '../api.ts';

const codes = { 400: 'malformed_request', 417: 'expectation_failed' } as const;

/** Adds the check to all routes. */
export const refuseFaultyHeads = (api: Api): void => {
  api.addHook('onRequest', ({ raw }, reply, done) => {
    const fault = headFaultOf(raw);
    if (!fault) return done();
    reply.header('connection', 'close');
    done(new Refusal(codes[fault.status], fault.message, fault.whatToDo));
  });
};
