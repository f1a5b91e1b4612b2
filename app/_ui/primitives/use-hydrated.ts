import { useSyncExternalStore } from 'react';

const never = () => () => {};

/** Whether React listens on this page yet: false in the HTML of the server and until it has taken that over. */
export const useHydrated = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
