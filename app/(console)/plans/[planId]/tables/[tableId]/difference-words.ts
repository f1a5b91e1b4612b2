/** Classes of a difference in words; they speak of TerraScale, whichever store is the authority. */
export const CLASS_SAYS = {
  missing: 'missing on TerraScale',
  extra: 'only on TerraScale',
  different: 'different values',
  type: 'different types',
} as const;
