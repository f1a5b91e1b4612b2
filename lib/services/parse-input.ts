import type { z } from 'zod';
import { AppError } from '@/lib/domain/errors';

/** Parses what a verb was given. @throws AppError `input.invalid` that names each field that is wrong */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const fields: Record<string, string> = {};
  for (const issue of result.error.issues) fields[issue.path.map(String).join('.') || 'form'] ??= issue.message;
  throw invalid(fields);
}

export function invalid(fields: Record<string, string>): AppError {
  const [first] = Object.values(fields);
  const count = Object.keys(fields).length;
  const sentence =
    count === 1 ? `${first} Nothing was changed.` : `${count} fields are not right. Nothing was changed.`;
  return new AppError('input.invalid', { sentence, fields });
}
