/** What a person does on an emulator's sign-in page: chooses their account. Answers with what comes back to us. */
const formsOf = (page: string): readonly URLSearchParams[] =>
  [...page.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)].map(
    ([, action = '', inside = '']) => {
      const fields = [...inside.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
      return new URLSearchParams([
        ['action', action],
        ...fields.map(([, name = '', value = '']) => [name, unescaped(value)]),
      ]);
    },
  );

const unescaped = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"');

export const consentAs = async (account: string, page: string): Promise<URLSearchParams> => {
  const shown = await (await fetch(page)).text();
  const chosen = formsOf(shown).find((form) => [...form.values()].includes(account));
  if (!chosen) throw new Error(`the page does not offer ${account}: ${shown.slice(-2_000)}`);
  const { action = '', ...fields } = Object.fromEntries(chosen);
  const answer = await fetch(new URL(action, page), {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (!location) throw new Error(`it leads nowhere: ${answer.status} ${await answer.text()}`);
  return new URL(location).searchParams;
};
