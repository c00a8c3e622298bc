/** Reads integers. Google states those of 64 bits as text, and a reader must accept both forms: https://protobuf.dev/programming-guides/json/ */
import { z } from 'zod';

export const jsonInteger = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);
