/**
 * How a store is spoken to: by DynamoDB's protocol, Amazon's or TerraScale's, or by TerraScale's REST API, which carries
 * items as JSON and answers no conditions, updates or queries of the protocol.
 */
export const STORE_KINDS = ['dynamodb', 'terrascale', 'terrascale_rest'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

export const isTerraScale = (kind: StoreKind): boolean => kind !== 'dynamodb';
