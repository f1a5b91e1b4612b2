/** Errors of fitting a table to its target, as they stand in the catalogue (see errors.ts). */
export const FIT_ERRORS = {
  'table.mappings_fixed': {
    http: 409,
    retry: false,
    title: 'Mappings are chosen before the copy begins',
    check: [
      'What is on the target already has the form that was chosen; another one would make two forms of one attribute.',
      'To choose anew, abandon the table: writes go to DynamoDB alone, then choose, and copy it again.',
    ],
  },
  'sql.not_offered': {
    http: 409,
    retry: false,
    title: 'The target has no SQL to read through',
    check: [
      'SQL stands beside the REST API of TerraScale. A connection that speaks the DynamoDB protocol cannot ask for it.',
      'Nothing depends on it: SQL is for exploration, and verification compares both sides without it.',
    ],
  },
  'target.scratch_taken': {
    http: 409,
    retry: true,
    title: 'The key of a probe item is taken',
    check: [
      'Nothing was written. The sentence says on which side an item has a key that begins with landfall-probe-.',
      'Try again: each try takes other keys. If it is refused again, something writes such keys; find out what.',
    ],
  },
} as const;
