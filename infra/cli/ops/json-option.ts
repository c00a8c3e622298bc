/** Parses options whose value is a JSON document. */
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { Refusal } from '../../../domain/errors.ts';

interface JsonOption<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What the document contains, for the error: "the settings". */
  readonly what: string;
  /** Refuses what the schema cannot. @throws {Refusal} */
  readonly check?: (value: z.output<Schema>) => void;
}

/** Returns the parser of an option. It throws `InvalidArgumentError`, with what to write instead. */
export const jsonOption =
  <Schema extends z.ZodType>({ schema, what, check }: JsonOption<Schema>) =>
  (text: string): z.output<Schema> => {
    try {
      const value = schema.parse(JSON.parse(text));
      check?.(value);
      return value;
    } catch (error) {
      if (error instanceof z.ZodError) throw new InvalidArgumentError(z.prettifyError(error));
      if (error instanceof Refusal) throw new InvalidArgumentError(`${error.message} ${error.whatToDo}`);
      if (error instanceof SyntaxError) throw new InvalidArgumentError(`write ${what} as JSON`);
      throw error;
    }
  };
