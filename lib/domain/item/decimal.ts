/**
 * DynamoDB numbers: up to 38 significant digits, zero or 1E-130 to 9.99E+125 in magnitude. They never pass through a
 * JavaScript number. The canonical spelling is the one DynamoDB returns on reads: plain decimal, no exponent, no sign on
 * zero, no needless zeros (`1e3` → `1000`, `.50` → `0.5`, `-0` → `0`).
 */
export const NUMBER_DIGITS_MAX = 38;
export const NUMBER_EXPONENT_MIN = -130;
export const NUMBER_EXPONENT_MAX = 125;
/** Longest spelling looked at; the longest canonical one has 170 characters. */
export const NUMBER_TEXT_MAX = 1024;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

export interface Decimal {
  isNegative: boolean;
  /** Significant digits without leading or trailing zeros; empty for zero. */
  digits: string;
  /** Power of ten of the first digit. */
  exponent: number;
}

/** Parses a number as spelt by anybody, or null where DynamoDB would refuse it. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > NUMBER_TEXT_MAX) return null;
  const match = NUMBER.exec(text);
  if (!match) return null;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  if (whole.length + fraction.length === 0) return null;
  const all = whole + fraction;
  const first = firstNonZero(all);
  if (first === all.length) return { isNegative: false, digits: '', exponent: 0 };
  let end = all.length;
  while (all.charCodeAt(end - 1) === 48) end -= 1;
  const digits = all.slice(first, end);
  const exponent = whole.length - 1 - first + Number(power);
  if (digits.length > NUMBER_DIGITS_MAX) return null;
  if (exponent < NUMBER_EXPONENT_MIN || exponent > NUMBER_EXPONENT_MAX) return null;
  return { isNegative: sign === '-', digits, exponent };
}

function firstNonZero(digits: string): number {
  let at = 0;
  while (at < digits.length && digits.charCodeAt(at) === 48) at += 1;
  return at;
}

const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/** The canonical spelling, or null where the text is no DynamoDB number. */
export function canonicalNumber(text: string): string | null {
  if (PLAIN_INTEGER.test(text)) return text;
  const decimal = parseDecimal(text);
  if (!decimal) return null;
  const { digits, exponent, isNegative } = decimal;
  if (digits === '') return '0';
  const sign = isNegative ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
