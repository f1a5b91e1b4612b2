declare const brand: unique symbol;
type Id<P extends string> = string & { readonly [brand]: P };

export type PlanId = Id<'pln'>;
export type TableId = Id<'tbl'>;
export type ConnectionId = Id<'con'>;
export type RunId = Id<'run'>;
export type GatewayId = Id<'gw'>;
export type WorkerId = Id<'wrk'>;
export type FenceId = Id<'fnc'>;

export const ID_PREFIXES = {
  plan: 'pln',
  table: 'tbl',
  connection: 'con',
  run: 'run',
  segment: 'seg',
  gateway: 'gw',
  worker: 'wrk',
  fence: 'fnc',
  mismatch: 'mis',
  shadowSample: 'shd',
  setAside: 'sas',
  sqlReadBack: 'sqr',
  signOff: 'sgn',
  approval: 'apr',
  event: 'evt',
  audit: 'aud',
  key: 'key',
  alert: 'alr',
  destination: 'dst',
  claim: 'clm',
} as const;

/** `prefix_` and the random part; the random source is passed in because the domain has none of its own. */
export const makeId = (kind: keyof typeof ID_PREFIXES, random: string): string => `${ID_PREFIXES[kind]}_${random}`;
