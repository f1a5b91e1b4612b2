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
