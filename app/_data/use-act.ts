'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { type ActionFailure, type ActionResult, newIdempotencyKey, UNANSWERED } from '../_ui/action-result';

/**
 * Calls a server action once at a time, keeps its refusal for the screen, and reads everything again when it was
 * done. Nothing is painted before the server has said it.
 */
export function useAct() {
  const client = useQueryClient();
  const key = useRef(newIdempotencyKey());
  const isBusy = useRef(false);
  const [isPending, setIsPending] = useState(false);
  const [failure, setFailure] = useState<ActionFailure | null>(null);
  const act = useCallback(
    async <T>(call: (idempotencyKey: string) => Promise<ActionResult<T>>): Promise<ActionResult<T>> => {
      if (isBusy.current) return UNANSWERED;
      isBusy.current = true;
      setIsPending(true);
      const result = await call(key.current).catch((): ActionFailure => UNANSWERED);
      // A lost answer keeps its key, so that trying again cannot do it twice.
      if (result !== UNANSWERED) key.current = newIdempotencyKey();
      isBusy.current = false;
      setIsPending(false);
      setFailure(result.ok ? null : result);
      if (result.ok) await client.invalidateQueries();
      return result;
    },
    [client],
  );
  return { act, isPending, failure, clear: () => setFailure(null) };
}
