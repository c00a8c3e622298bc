/** /v1/organization/budgets: what the organization may send today, and what is left of it. */
import { z } from 'zod';
import { readPresentBudgets } from '../../../db/budgets/present-budgets.ts';
import { partialMessageLimitsSchema } from '../../../domain/budgets/message-limits.ts';
import { smsCountriesSchema } from '../../../domain/budgets/phone-country.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { instantSchema } from '../../../domain/time/instant.ts';
import { day as dayMs } from '../../../domain/time/units.ts';
import { actorOf, callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const amount = z.int().min(0);

const budgetSchema = z
  .object({
    unit: z
      .enum(['segments', 'emails'])
      .describe('What is counted: a long text message has several segments'),
    budget: amount.describe('What may be sent in a day'),
    used: amount.describe('What was sent today'),
    left: amount.describe('What can still be sent today, without the reserve'),
    reserve: amount.describe(
      'What cancellations, and notices about a slot that begins within 24 hours, can use beside the budget',
    ),
    isNearlySpent: z.boolean().describe('Whether 80 % of the budget is used'),
  })
  .describe('The budget of a channel');

const budgetsSchema = z
  .object({
    day: z.iso.date().describe('The day that is counted, in UTC'),
    resetsAt: instantSchema.describe('When the next day begins'),
    sms: budgetSchema,
    email: budgetSchema,
    smsCountries: smsCountriesSchema,
    own: partialMessageLimitsSchema.describe('The limits that the organization has set itself'),
  })
  .meta({
    id: 'MessageBudgets',
    description: 'What the organization may send today, and what is left of it',
  });

const ownLimitsSchema = partialMessageLimitsSchema.meta({
  id: 'OwnMessageLimits',
  description:
    'Limits below those that the operator of this service grants. An absent one is not set. A higher one has no effect',
});

const unknownOrganization = (): Refusal =>
  new Refusal(
    'not_found',
    'The organization of the credential does not exist here.',
    'Ask the operator to create it with npm run ops -- organizations create.',
  );

/** Registers the routes. */
export const messageBudgetRoutes = (
  api: Api,
  {
    configuration: { messageLimits },
    repositories: { organizations, messageBudgets, administrativeActs },
  }: ApiDependencies,
): void => {
  const budgetsOf = async (organization: OrganizationId): Promise<z.input<typeof budgetsSchema>> => {
    const present = await readPresentBudgets({ organizations, messageBudgets }, messageLimits, organization);
    const { day, sms, email, smsCountries, own } = present;
    return {
      day,
      resetsAt: toInstant(Date.parse(day) + dayMs),
      sms: { unit: 'segments', ...sms },
      email: { unit: 'emails', ...email },
      smsCountries: smsCountries === 'any' ? smsCountries : [...smsCountries],
      own,
    };
  };

  api.get(
    '/v1/organization/budgets',
    {
      schema: {
        operationId: 'getMessageBudgets',
        tags: ['Administration'],
        summary: 'Return what may be sent today',
        description:
          'When a budget is spent, notices go to the fallback channels of the participants, else an attention item asks what to do.',
        response: {
          200: jsonResponse('The budgets of the organization', budgetsSchema),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => budgetsOf(callerOf(request).organization),
  );

  api.put(
    '/v1/organization/budgets',
    {
      schema: {
        operationId: 'putMessageBudgets',
        tags: ['Administration'],
        summary: 'Set own limits for messages',
        description: 'Replaces the limits that the organization has set itself. Idempotent.',
        body: ownLimitsSchema,
        response: {
          200: jsonResponse('The budgets of the organization', budgetsSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'not_found',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      if (!(await organizations.setOwnLimits(organization, request.body))) throw unknownOrganization();
      await administrativeActs.record({
        ...actorOf(request),
        organization,
        act: 'organization.limits_set',
        target: organization,
        detail: { ...request.body },
      });
      return budgetsOf(organization);
    },
  );
};
