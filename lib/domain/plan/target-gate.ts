import { sayMappings } from '../mapping/check';
import type { Facts, GateResult } from './facts';

/**
 * A gateway answers applications in DynamoDB's protocol. TerraScale's REST API has no conditions, updates, partial
 * queries or consistent reads in it, so a target behind it is copied to, mirrored to and verified, and is never read from
 * or written first by a gateway.
 */
export const targetAnswersProtocol = (facts: Facts): Omit<GateResult, 'gate'> => ({
  met: facts.targetKind !== 'terrascale_rest',
  sentence: 'The target answers what applications ask through the gateway.',
  observed:
    facts.targetKind === 'terrascale_rest'
      ? 'spoken to over REST, which has no conditions, updates or consistent reads'
      : "spoken to by DynamoDB's protocol",
  limit:
    "a target connection by DynamoDB's protocol; over REST the table is kept equal, and the application moves itself",
  see: 'connections',
});

/**
 * While DynamoDB is the authority, what an application says of a mapped attribute is carried out there, on the number that
 * it means. Once TerraScale is, a condition, an update or a filter that names it would meet a date: `SET seen = :now` would
 * write a number beside dates, and `created > :then` would be false for every item. A gateway cannot rewrite expressions
 * without guessing, so writes never go to TerraScale first for such a table.
 */
export const noMappedAttribute = ({ mappings }: Facts): Omit<GateResult, 'gate'> => ({
  met: mappings.length === 0,
  sentence: 'Expressions of the application mean the same on TerraScale: no attribute has another form there.',
  observed: mappings.length === 0 ? 'none is mapped' : `mapped: ${sayMappings(mappings)}`,
  limit:
    'no mapped attribute. With one the table is kept equal and read from TerraScale, and the application moves itself to ' +
    'the dates; or abandon the table, turn the mappings off and copy it anew',
  see: 'assessment',
});
