/** Acts as the performer of the demo: reads the email and uses its link. */
import { z } from 'zod';

const mailSchema = z.object({
  to: z.array(z.object({ address: z.string() })),
  text: z.string().default(''),
});

/**
 * Returns the link in the newest email to the address, or undefined when there is none yet.
 *
 * @param inboxApi the address of maildev's REST API.
 */
export const responseLinkFor = async (inboxApi: string, address: string): Promise<string | undefined> => {
  // The demo of an email fault stops the inbox, so that this call fails.
  const answer = await fetch(`${inboxApi}/email?sort=desc`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  if (!answer?.ok) return undefined;
  const mails = z.array(mailSchema).parse(await answer.json());
  return mails
    .filter(({ to }) => to.some((recipient) => recipient.address === address))
    .map(({ text }) => /https?:\/\/\S+\/r\/\w+/.exec(text)?.[0])
    .find((link) => link !== undefined);
};

/**
 * Sends the form of the response page.
 *
 * @throws {Error} when the page answers with an error.
 */
export const acceptInvitation = async (link: string): Promise<void> => {
  const answer = await fetch(link, {
    method: 'POST',
    body: new URLSearchParams({ answer: 'accepted' }),
    signal: AbortSignal.timeout(30_000),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the response page of the performer answered with status ${answer.status}`);
};
