import { Refusal } from '../../domain/errors.ts';

export const endpointNotFound = (id: string): Refusal =>
  new Refusal(
    'endpoint_not_found',
    `Your organization has no webhook endpoint ${id}.`,
    'GET /v1/webhook-endpoints lists those it has.',
  );

export const tooManyEndpoints = (): Refusal =>
  new Refusal(
    'endpoint_limit_reached',
    'Your organization has as many webhook endpoints as it may.',
    'Remove one that is not needed, or change it.',
  );

export const endpointDisabled = (id: string): Refusal =>
  new Refusal(
    'endpoint_disabled',
    `The webhook endpoint ${id} is disabled.`,
    'Enable it first: PATCH it with { "status": "enabled" }.',
  );

export const rotationUnderWay = (until: string): Refusal =>
  new Refusal(
    'rotation_under_way',
    `The secret before this one still signs, until ${until}: a receiver may know only that one.`,
    'Wait until then, or send { "force": true }.',
  );
