/** Reads values as they arrive from secret stores, env files and copied text. */

/** Removes white space around the values: a secret from a file often ends with a line break. */
export const trimmed = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value?.trim()]));

/** Returns the trimmed values without empty ones: an empty line of an env file means that the variable is not set. */
export const setValues = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(trimmed(env)).filter(([, value]) => value !== undefined && value !== ''));

/** Docker keeps the quotes of an env file: https://docs.docker.com/reference/cli/docker/container/run/#env */
const inQuotes = /^(?:"[^"]*"|'[^']*')$/;
/** Control and format characters, such as a line break, a byte order mark, and a zero-width space. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Returns why a value cannot be what was meant; undefined when it can. The text follows the name of the variable in a
 * sentence. A list may have white space and line breaks around its commas.
 */
export const valueProblem = (value: string): string | undefined =>
  textProblem(value) ?? credentialProblem(value);

const textProblem = (value: string): string | undefined => {
  const entries = value.split(',').map((entry) => entry.trim());
  if (inQuotes.test(value.trim()) || entries.some((entry) => inQuotes.test(entry)))
    return 'is in quotes, which would be part of the value. Remove them.';
  if (entries.some((entry) => invisible.test(entry)))
    return 'contains a line break or another character that cannot be seen. Remove it.';
  return undefined;
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** A password from a file keeps its line break when a program puts it into an address, as `%0A`. */
const credentialProblem = (value: string): string | undefined => {
  if (!URL.canParse(value)) return undefined;
  const { username, password } = new URL(value);
  for (const [what, text] of [
    ['user name', decoded(username)],
    ['password', decoded(password)],
  ] as const) {
    if (text === undefined || text === '') continue;
    if (text !== text.trim()) return `has white space around its ${what}. Remove it.`;
    if (inQuotes.test(text) || invisible.test(text))
      return `has quotes around its ${what}, or a character that cannot be seen in it. Remove it.`;
  }
  return undefined;
};
