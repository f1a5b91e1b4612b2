/** The six items of the verification checklist, in the order of the guide. */
export const CHECKLIST_ITEMS = [
  'data_verified',
  'reads_on_target',
  'writes_on_target',
  'monitoring',
  'rollback',
  'training',
] as const;
export type ChecklistItem = (typeof CHECKLIST_ITEMS)[number];
