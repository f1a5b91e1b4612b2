import { container } from '@/app/_server/container';
import { toHttp } from '@/app/_server/to-http';

/** What of the library is offered over HTTP; people are made and changed by our own actions. */
const OFFERED = new Set(['POST /api/auth/sign-in/email', 'POST /api/auth/sign-out', 'GET /api/auth/get-session']);

async function handle(request: Request): Promise<Response> {
  if (!OFFERED.has(`${request.method} ${new URL(request.url).pathname}`)) return new Response(null, { status: 404 });
  try {
    return await container().auth.handler(request);
  } catch (error) {
    return toHttp(error, request);
  }
}

export { handle as GET, handle as POST };
