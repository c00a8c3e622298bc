/** /respond/{token}: where the link in an invitation leads. Looking changes nothing; only the form answers. */
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Answer } from '../../../../domain/audition/events.ts';
import { isCommandAllowed } from '../../../../domain/audition/transitions.ts';
import { Refusal, type RefusalCode } from '../../../../domain/errors.ts';
import type { Invitation } from '../../../../foundation/links/response-link.ts';
import type { Api } from '../../../api.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { type InvitationDetails, invitationPage, type RespondPageError, respondErrorPage } from './page.ts';

const params = z.object({ token: z.string() });
const answerForm = z.object({ answer: z.enum(['accepted', 'declined']) });
const page = pageResponse();

/** The others are a form that no button of ours has sent, where the caller is at fault, and else a fault of ours. */
const errorPages: Partial<Readonly<Record<RefusalCode, RespondPageError>>> = {
  link_invalid: 'invalid',
  audition_not_found: 'invalid',
  not_found: 'invalid',
  unknown_participant: 'invalid',
  slot_taken: 'moved',
  wrong_state: 'closed',
  audition_closed: 'closed',
  audition_stopped: 'closed',
  temporarily_unavailable: 'later',
};

/** Whoever follows a link is no program: what there is to say to them is said on a page. */
const handleRespondPageError = createPageErrorHandler(errorPages, respondErrorPage);

const linkInvalid = (): Refusal =>
  new Refusal('link_invalid', 'We did not write this link.', 'Use the link in the message as it is.');

/** Throws `Refusal` for a link of an earlier slot, and for an audition that takes no answers. */
const requireInvitation = async (
  { repositories, responseLinks }: ApiDependencies,
  token: string,
): Promise<{ readonly invitation: Invitation; readonly invited: InvitationDetails }> => {
  const invitation = responseLinks.verify(token);
  if (!invitation) throw linkInvalid();
  const view = await repositories.auditions.get(invitation.organization, invitation.auditionId);
  const participant = view?.participants.find(({ id }) => id === invitation.participant);
  if (!view?.slot || !participant) throw linkInvalid();
  if (!isCommandAllowed('respond', view.state)) {
    throw new Refusal('wrong_state', `The audition is ${view.state}.`, 'Write to the casting office.');
  }
  if (!view.announcedAs.includes(invitation.revision)) {
    throw new Refusal('slot_taken', 'The slot has moved since.', 'Use the link in the newest message.');
  }
  return { invitation, invited: { slot: view.slot, zone: participant.zone, answer: participant.answer } };
};

export const respondRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const respond = (request: FastifyRequest, invitation: Invitation, answer: Answer) => {
    const { organization, auditionId, participant } = invitation;
    return sendAuditionCommand(
      dependencies,
      { organization, id: auditionId, updateId: randomUUID() },
      () => ({
        name: 'respond',
        command: { origin: 'link', correlationId: request.id, participant, answer },
      }),
    );
  };

  api.get(
    '/respond/:token',
    {
      schema: { hide: true, params, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => {
      const { invited } = await requireInvitation(dependencies, request.params.token);
      return sendPage(reply, 200, invitationPage(invited, request.headers['accept-language']));
    },
  );
  api.post(
    '/respond/:token',
    {
      schema: { hide: true, params, body: answerForm, response: { 200: page } },
      errorHandler: handleRespondPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { answer } = request.body;
      const { invitation, invited } = await requireInvitation(dependencies, token);
      // A double click has said it already.
      if (answer !== invited.answer) await respond(request, invitation, answer);
      return sendPage(reply, 200, invitationPage({ ...invited, answer }, request.headers['accept-language']));
    },
  );
};
