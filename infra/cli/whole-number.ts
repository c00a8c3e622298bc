/** Parses the value of a command line option that must be a whole number of 1 or more. */
import { InvalidArgumentError } from 'commander';

/**
 * Returns a parser for commander. It prints `problem` for a value that is not a whole number from 1 to
 * `most`.
 */
export const wholeNumber =
  (problem: string, most = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(problem);
  };
