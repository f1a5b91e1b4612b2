'use client';

import { type RefObject, useEffect, useRef } from 'react';
import type { ActionFailure } from '../action-result';
import { toastUntilDismissed } from '../primitives/toast';

/**
 * A refusal outlives its dialog. When somebody else makes the move first, the page loses the move and with it the dialog
 * that was open for it; why nothing of ours was applied must still be there to read.
 * @param isLeft true once the person closed the dialog; then there is nothing more to say
 * @returns what to call with each answer
 */
export function useLastWord(isLeft: RefObject<boolean>): (failure: ActionFailure | null) => void {
  const last = useRef<ActionFailure | null>(null);
  const isOpen = useRef(false);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
      if (last.current && !isLeft.current) toastUntilDismissed('Nothing of yours was applied', last.current.message);
    };
  }, [isLeft]);
  return (failure) => {
    last.current = failure;
    if (failure && !isOpen.current) toastUntilDismissed('Nothing of yours was applied', failure.message);
  };
}
