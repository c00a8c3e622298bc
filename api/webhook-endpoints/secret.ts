import { randomBytes } from 'node:crypto';
import { type EndpointId, endpointIdSchema } from '../../domain/ids.ts';

/** 256 bits, written as the Standard Webhooks specification has it. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

export const newEndpointId = (): EndpointId =>
  endpointIdSchema.parse(`endp_${randomBytes(12).toString('hex')}`);
