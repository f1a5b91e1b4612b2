import 'server-only';
import { headers } from 'next/headers';
import { unstable_rethrow } from 'next/navigation';
import type { z } from 'zod';
import { AppError } from '@/lib/domain/errors';
import type { Role } from '@/lib/domain/plan/moves';
import type { ServiceContext } from '@/lib/services/context';
import type { ActionResult } from '../_ui/action-result';
import { container } from './container';
import { failureOf } from './failure';
import { once } from './idempotency';
import { checkOrigin } from './origin';
import { requestIdOf } from './request-id';
import { authorise, type SignedIn, session } from './session';

export type { ActionFailure, ActionResult } from '../_ui/action-result';

export interface ActionRules<S extends z.ZodType> {
  role: Role;
  schema: S;
  /** Name of the action for stored answers, e.g. `table.advance`. Needed with `idempotencyKey`. */
  action?: string;
  /** From the browser; a repetition with the same key gets the first answer. */
  idempotencyKey?: string;
}

/** What an action acts with. */
export interface ActionContext {
  ctx: ServiceContext;
  actor: SignedIn['actor'];
  idempotencyKey: string | null;
}

/**
 * The one way from a page to a verb. An action is a public endpoint, so session, role, origin and input are checked
 * here each time. Never throws to the browser, except what Next itself throws to redirect.
 */
export async function runAction<S extends z.ZodType, T>(
  rules: ActionRules<S>,
  input: unknown,
  act: (parsed: z.output<S>, context: ActionContext) => Promise<T>,
): Promise<ActionResult<T>> {
  const head = await headers();
  const { ctx, config } = container();
  try {
    checkOrigin(head, config.publicUrl);
    const { actor } = authorise(await session(), rules.role);
    const parsed = parse(rules.schema, input);
    const idempotencyKey = rules.idempotencyKey ?? null;
    const run = () => act(parsed, { ctx, actor, idempotencyKey });
    if (idempotencyKey === null) return { ok: true, data: await run() };
    return { ok: true, data: await once(ctx, { key: idempotencyKey, action: rules.action ?? 'action', actor }, run) };
  } catch (error) {
    unstable_rethrow(error);
    return failureOf(error, ctx.log, requestIdOf(head));
  }
}

/** @throws AppError `input.invalid` that names each field. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input instanceof FormData ? formObject(input) : input);
  if (result.success) return result.data;
  const fields: Record<string, string> = {};
  for (const issue of result.error.issues) fields[issue.path.map(String).join('.') || 'form'] ??= issue.message;
  const count = Object.keys(fields).length;
  throw new AppError('input.invalid', {
    sentence:
      count === 1
        ? 'One field is not right; nothing was changed.'
        : `${count} fields are not right; nothing was changed.`,
    fields,
  });
}

/** A form as an object; a name that comes twice becomes a list. Names of the framework are left out. */
function formObject(form: FormData): Record<string, FormDataEntryValue | FormDataEntryValue[]> {
  const names = [...new Set(form.keys())].filter((name) => !name.startsWith('$ACTION'));
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? (values[0] as FormDataEntryValue) : values];
    }),
  );
}
