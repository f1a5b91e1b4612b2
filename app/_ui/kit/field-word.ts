/** Fields whose label on screen is not their name in words. */
const WORDS: Record<string, string> = {
  accessKeyId: 'Access key id',
  secretAccessKey: 'Secret key',
  url: 'Address',
  email: 'E-mail address',
  liveReserveMilli: 'Kept for live traffic',
  typedName: 'Typed name',
  sourceConnectionId: 'Source',
  targetConnectionId: 'Target',
  targetName: 'Name on TerraScale',
};

const spoken = (name: string): string => {
  const words = name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A field as its form labels it: "limits.requestsPerSecond" is "Requests per second", "tables.0.name" "Table 1, name". */
export function fieldWord(path: string): string {
  const parts = path.split('.');
  const last = parts.at(-1) ?? path;
  const word = WORDS[last] ?? spoken(last);
  const row = parts.findIndex((part) => /^\d+$/.test(part));
  if (row < 1 || row === parts.length - 1) return word;
  const thing = spoken(parts[row - 1] ?? '').replace(/s$/, '');
  return `${thing} ${Number(parts[row]) + 1}, ${word.charAt(0).toLowerCase()}${word.slice(1)}`;
}
