import 'server-only';
import { headers } from 'next/headers';
import { completeSetup } from '@/lib/services/auth/first-run';
import type { ActionResult } from '../_ui/action-result';
import { signIn } from './authenticate';
import { container } from './container';
import { failureOf } from './failure';
import { checkOrigin } from './origin';
import { requestIdOf } from './request-id';

/** Makes the first administrator with the token of the log, and signs that person in. */
export async function setUp(given: {
  token: string;
  name: string;
  email: string;
  password: string;
}): Promise<ActionResult<null>> {
  const { ctx, config } = container();
  const head = await headers();
  try {
    checkOrigin(head, config.publicUrl);
    const { token, ...person } = given;
    await completeSetup(ctx.db, token, person);
    ctx.log.info({}, 'The first administrator was made');
    return await signIn(given.email, given.password);
  } catch (error) {
    return failureOf(error, ctx.log, requestIdOf(head));
  }
}
