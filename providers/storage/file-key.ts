/** The key of a file in the storage: names of letters, digits, `.`, `_` and `-`, separated by slashes. */
const name = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;

/** Returns the names of a key. @throws {RangeError} for a key that could leave its directory. */
export const namesOfKey = (key: string): readonly string[] => {
  const names = key.split('/');
  if (!names.every((one) => name.test(one)))
    throw new RangeError(`'${key}' is no key of a file: use letters, digits, '.', '_', '-' and '/'`);
  return names;
};
