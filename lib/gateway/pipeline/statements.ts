/**
 * What can be told of a PartiQL statement without being its store. Two questions: may it write, and does it speak of a
 * table? Where the text leaves a doubt the answer is yes: a write that slipped through would pass the mirror by, and a
 * refusal costs the application an error that says what to use instead.
 */
import { isJson, type Json, member, tableNameOf } from './parse';

/** Texts of ExecuteStatement, BatchExecuteStatement and ExecuteTransaction. */
export function statementsIn(input: Json): string[] {
  const lists = [member(input, 'Statements'), member(input, 'TransactStatements')];
  const inside = lists.flatMap((list) => (Array.isArray(list) ? list.filter(isJson).map((one) => one.Statement) : []));
  return [member(input, 'Statement'), ...inside].filter((text) => typeof text === 'string');
}

/** White space, comments and opening brackets before the first word. */
const BEFORE = /^(?:[\s(]|--[^\r\n]*(?:[\r\n]|$)|\/\*[\s\S]*?\*\/)*/;
/** EXISTS(SELECT …) is the condition of a transaction. */
const READS = /^(?:select|exists)\b/i;
const WRITES_BEHIND = /;[\s(]*(?:--|\/\*|insert|update|delete|upsert|replace|remove|merge)/i;

export function mayWrite(statement: string): boolean {
  const text = statement.replace(BEFORE, '');
  return !READS.test(text) || WRITES_BEHIND.test(text);
}

const isNameChar = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9_.-]/.test(char);

/**
 * Whether the table's name stands in the statement: by itself, or as a part of what is not in double quotes. A longer
 * name in double quotes is another table's. One in a literal counts: too careful is harmless here.
 */
export function mentions(statement: string, table: string): boolean {
  const text = statement.toLowerCase();
  const name = tableNameOf(table).toLowerCase();
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    let start = at;
    let end = at + name.length;
    while (isNameChar(text[start - 1])) start -= 1;
    while (isNameChar(text[end])) end += 1;
    const isQuoted = text[start - 1] === '"' && text[end] === '"';
    // Names in quotes have their case.
    if (isQuoted ? statement.slice(start, end) === tableNameOf(table) : isBare(text.slice(start, end), name))
      return true;
    // An ARN names its table behind a slash, in quotes that begin elsewhere.
  }
  return false;
}

/** Without quotes, `a.name`, `name.index`, `name--comment` and `x-name` may all be the table. */
const isBare = (run: string, name: string): boolean =>
  run === name || run.split(/[.-]/).includes(name) || /[.-]/.test(name);
