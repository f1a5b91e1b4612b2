import type { Answer } from '../fault-http';

const PROBLEM_TYPE = 'application/problem+json';
const NAMES: Record<number, string> = {
  400: 'validation',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'condition-failed',
  413: 'too-large',
  500: 'internal',
  501: 'not-offered',
};

/** What the API refuses with: problem+json, as the specification's ErrorResponse. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export function problemAnswer({ status, detail }: Pick<Problem, 'status' | 'detail'>): Answer {
  const type = `https://docs.terrascale.io/errors/${NAMES[status] ?? 'error'}`;
  const title = (NAMES[status] ?? 'error').replaceAll('-', ' ');
  return {
    status,
    headers: { 'content-type': PROBLEM_TYPE },
    body: JSON.stringify({ type, title, status, detail }),
  };
}

export const restAnswer = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: status === 204 ? '' : JSON.stringify(body),
});

export const bad = (detail: string): Problem => new Problem(400, detail);
