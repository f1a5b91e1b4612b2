import type { KeySchema } from '../item/item';
import { TAG } from '../item/json-data';
import { type MappingGround, reservedBecause } from '../mapping/check';
import type { EpochCandidate } from '../mapping/detect';
import type { Mappings } from '../mapping/mapping';
import type { Strategy } from '../plan/stages';
import type { StoreKind } from '../store-kind';
import { formatBytes, formatCount } from '../units';
import type { CheckName, CheckResult } from './checks';
import { type Forecast, sayForecast } from './forecast';
import { mappingsCheck } from './mapping-check';
import { roundTripCheck, type TypeRoundTrip } from './round-trip/report';
import { LARGE_ITEM_BYTES, type Sample } from './sample';
import { sayKeySchema, type TargetProof } from './target-proof';

/** Everything that was found out of a table before it is moved; the checks read this and nothing else. */
export interface AssessmentEvidence {
  tableName: string;
  targetName: string;
  targetKind: StoreKind;
  strategy: Strategy;
  key: KeySchema;
  /** Null: the source did not describe the table; `detail` says why. */
  source: { described: SourceTable | null; detail: string; latencyMs: number };
  targetReachable: { ok: boolean; detail: string; latencyMs: number };
  proof: TargetProof;
  sample: Sample | null;
  mappings: Mappings;
  /** Attributes that may not be mapped; null: the source did not describe the table. */
  ground: MappingGround | null;
  /** The last type round trip; it is a person's act, so that assessing alone writes no more than the proof needs. */
  roundTrip: TypeRoundTrip | null;
  forecast: Forecast | null;
  isLiveMeasured: boolean;
}

export interface SourceTable {
  key: KeySchema;
  itemCount: number;
  sizeBytes: number;
  indexes: { name: string; kind: 'global' | 'local' }[];
  streamView: string | null;
  ttlAttribute: string | null;
}

type Found = Omit<CheckResult, 'check'>;
const passed = (sentence: string, observed: string): Found => ({ state: 'passed', sentence, fix: '', observed });
const warned = (sentence: string, fix: string, observed: string): Found => ({
  state: 'warned',
  sentence,
  fix,
  observed,
});
const failed = (sentence: string, fix: string, observed: string): Found => ({
  state: 'failed',
  sentence,
  fix,
  observed,
});
const unknown = (sentence: string, fix: string, observed: string): Found => ({
  state: 'unknown',
  sentence,
  fix,
  observed,
});

const NOT_DESCRIBED = 'The source did not describe the table, so this could not be looked at.';
const ASK_AGAIN = 'Make the source reachable and assess again.';

/** Every check of a table, in the order of the list. Pure: the same evidence gives the same sentences. */
export function checksOf(evidence: AssessmentEvidence): CheckResult[] {
  const found: Record<CheckName, Found> = {
    source_reachable: sourceReachable(evidence),
    target_reachable: targetReachable(evidence),
    target_key_reads: keyReads(evidence.proof),
    target_key_writes: keyWrites(evidence.proof),
    key_schema: keySchema(evidence),
    target_structure: targetStructure(evidence),
    item_count: itemCount(evidence),
    item_size: itemSize(evidence),
    indexes: indexes(evidence),
    streams: streams(evidence),
    ttl: ttl(evidence),
    reserved_names: reservedNames(evidence),
    item_types: itemTypes(evidence),
    type_round_trip: roundTrip(evidence),
    mappings: mappingsFit(evidence),
    quota: quota(evidence),
  };
  return (Object.keys(found) as CheckName[]).map((check) => ({ check, ...found[check] }));
}

function sourceReachable({ source }: AssessmentEvidence): Found {
  if (source.described) return passed('DynamoDB answers and describes the table.', `${source.latencyMs} ms`);
  return failed(
    'DynamoDB does not describe the table.',
    'Check the connection of the source and the rights of its key.',
    source.detail,
  );
}

function targetReachable({ targetReachable: target }: AssessmentEvidence): Found {
  if (target.ok) return passed('TerraScale answers and accepts the key.', `${target.latencyMs} ms`);
  return failed('TerraScale does not answer usably.', 'Check the connection of the target.', target.detail);
}

function keyReads(proof: TargetProof): Found {
  if (proof.state === 'proven')
    return passed('The key of the target may read; a probe item was read back.', 'read back');
  if (proof.state === 'may_not_write' && proof.mayRead) return passed('The key of the target may read.', proof.detail);
  if (proof.state === 'may_not_write' && proof.mayRead === false)
    return failed('The key of the target may not read.', 'Give the key the scope database:read.', proof.detail);
  return unknown('Reading from the target was not tried.', fixOf(proof), proof.detail);
}

function keyWrites(proof: TargetProof): Found {
  if (proof.state === 'proven')
    return passed('The key of the target may write; a probe item was written and deleted.', 'written and deleted');
  if (proof.state === 'may_not_write')
    return failed('The key of the target may not write.', 'Give the key the scope database:write.', proof.detail);
  return unknown('Writing to the target was not tried.', fixOf(proof), proof.detail);
}

const fixOf = (proof: TargetProof): string =>
  proof.state === 'missing' ? 'Create the target table, then prove it.' : 'Make the target usable, then assess again.';

function keySchema({ key, source }: AssessmentEvidence): Found {
  if (!source.described) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  const [planned, now] = [sayKeySchema(key), sayKeySchema(source.described.key)];
  if (planned === now) return passed('The key of the source is the one that the plan was made with.', now);
  return failed(
    'The key of the source is not the one that the plan was made with.',
    'Make a new plan for this table.',
    `${planned} in the plan, ${now} now`,
  );
}

function targetStructure({ proof, key, targetName }: AssessmentEvidence): Found {
  const wanted = sayKeySchema(key);
  switch (proof.state) {
    case 'proven':
      if (!proof.consistentRead)
        return failed(
          'The target does not read its own writes.',
          'Read from the primary region of TerraScale.',
          proof.detail,
        );
      if (!proof.sortOrder)
        return warned(
          'The target does not sort like the source, so queries stay with DynamoDB and writes cannot be flipped.',
          'Ask TerraScale; a table without such queries can still be copied.',
          proof.detail,
        );
      return passed('The target table behaves with the key of the source.', proof.detail);
    case 'missing':
      return failed(
        'The target table does not exist.',
        `Create ${targetName} with the key ${wanted}, then prove it.`,
        proof.detail,
      );
    case 'differs':
      return failed(
        'The target table has another key.',
        `Create ${targetName} anew with the key ${wanted}.`,
        proof.detail,
      );
    default:
      return unknown('The structure of the target could not be proven.', fixOf(proof), proof.detail);
  }
}

function itemCount({ source }: AssessmentEvidence): Found {
  if (!source.described) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  const observed = `${formatCount(source.described.itemCount)} items, ${formatBytes(source.described.sizeBytes)}`;
  return passed('The size of the table is known; DynamoDB counts it about every six hours.', observed);
}

function itemSize({ sample, source }: AssessmentEvidence): Found {
  if (!sample) return unknown('No item was sampled.', ASK_AGAIN, source.detail);
  if (sample.items === 0) return passed('The table has no items.', '0 items');
  const mean = formatBytes(Math.round(sample.bytesTotal / sample.items));
  const observed = `${formatCount(sample.items)} sampled, ${mean} on average, largest ${formatBytes(sample.bytesMax)}`;
  if (sample.bytesMax <= LARGE_ITEM_BYTES) return passed('Items are well below the limit of 400 KB.', observed);
  return warned(
    'Some items are close to the limit of 400 KB.',
    'What cannot be written is set aside by name; the table goes on.',
    observed,
  );
}

function indexes({ source }: AssessmentEvidence): Found {
  if (!source.described) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  const { indexes: found } = source.described;
  if (found.length === 0) return passed('The table has no secondary index.', 'none');
  const names = found.map((one) => `${one.name} (${one.kind})`).join(', ');
  return warned(
    'Indexes have no counterpart on TerraScale. Queries of an index stay with DynamoDB as unroutable reads, and the source cannot be closed while there are any.',
    'Remodel those queries on the key of the table before the source is closed.',
    names,
  );
}

function streams({ source }: AssessmentEvidence): Found {
  if (!source.described) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  if (source.described.streamView === null)
    return passed(
      'The table has no stream, so nothing hangs on it. Landfall turns one on only where it is to read it.',
      'no stream',
    );
  return warned(
    'The table has a stream. What consumes it (functions, feeds) has no counterpart on TerraScale.',
    'Find out who reads the stream and move that first; until the source is closed it goes on as before. A shard takes two readers: where Landfall reads the stream too, there is room for one other.',
    source.described.streamView,
  );
}

function ttl({ source }: AssessmentEvidence): Found {
  if (!source.described) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  const { ttlAttribute } = source.described;
  if (ttlAttribute === null) return passed('No item expires by itself.', 'TTL is off');
  return warned(
    'Items expire by TTL. Expired items are neither copied nor counted; whether TerraScale expires them is to be confirmed.',
    'Confirm TTL with TerraScale before the source is closed, or let Landfall expire them.',
    `attribute ${ttlAttribute}`,
  );
}

function reservedNames({ sample, source }: AssessmentEvidence): Found {
  if (!sample) return unknown('No item was sampled.', ASK_AGAIN, source.detail);
  if (sample.reservedNames.length === 0)
    return passed('No attribute in the sample has a reserved name.', `${formatCount(sample.items)} sampled`);
  return warned(
    'Some attributes have names that expressions must not spell out. Landfall never does; the application may.',
    'Use placeholders (#name) for them in expressions.',
    sample.reservedNames.join(', '),
  );
}

function itemTypes({ sample, source, targetKind }: AssessmentEvidence): Found {
  if (!sample) return unknown('No item was sampled.', ASK_AGAIN, source.detail);
  const observed = Object.entries(sample.types)
    .map(([type, count]) => `${type} in ${formatCount(count)}`)
    .join(', ');
  if (sample.unknownTypes.length > 0)
    return failed(
      'Items have types that are not of the protocol.',
      'Look at these items before they are copied.',
      sample.unknownTypes.join(', '),
    );
  if (sample.perilousNames.length > 0)
    return warned(
      'Some attributes are called like parts of a JavaScript object. Landfall keeps them; a client in JavaScript may lose them.',
      'Read them once through the SDK that the application uses.',
      sample.perilousNames.join(', '),
    );
  if (targetKind === 'terrascale_rest' && sample.taggedNames.length > 0)
    return warned(
      `JSON has no word for some values (bytes, sets, numbers beyond a double). They are kept whole as objects that carry ${TAG}, and come back as they were.`,
      'Whoever reads these attributes over REST has to know the tag; remodel them before or after the move where that is too much.',
      sample.taggedNames.join(', '),
    );
  return passed('Every type is one of the ten of the protocol.', observed === '' ? 'no items' : observed);
}

/** Attributes of the sample that may be mapped and look as if somebody might want to. */
export const mappableEpochs = ({ sample, ground }: AssessmentEvidence): EpochCandidate[] =>
  ground === null ? [] : (sample?.epochs ?? []).filter((one) => reservedBecause(one.attribute, ground) === null);

function mappingsFit(evidence: AssessmentEvidence): Found {
  const { mappings, ground, source } = evidence;
  if (ground === null) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  return mappingsCheck({ mappings, ground, candidates: mappableEpochs(evidence) });
}

/** Advice until it was tried; on a target that cannot be written nothing is known. */
function roundTrip({ roundTrip: trip, proof }: AssessmentEvidence): Found {
  if (trip !== null || proof.state === 'proven') return roundTripCheck(trip);
  return unknown('No value of each type was written to the target and read back.', fixOf(proof), proof.detail);
}

function quota({ forecast, isLiveMeasured, source }: AssessmentEvidence): Found {
  if (!forecast) return unknown(NOT_DESCRIBED, ASK_AGAIN, source.detail);
  const observed = `${sayForecast(forecast)} Binds first: ${forecast.bindsFirst}.`;
  const limit = forecast.requestsQuotaPerMonth;
  if (limit !== null && forecast.requestsPerMonth > limit)
    return failed(
      'The forecast does not fit the monthly quota of TerraScale.',
      'Choose a larger plan of TerraScale, or copy fewer tables a month.',
      observed,
    );
  const share = limit === null ? 0 : forecast.requestsPerMonth / limit;
  if (share > 0.8)
    return warned('The forecast uses most of the monthly quota.', 'Watch the quota while copying.', observed);
  const live = isLiveMeasured ? '' : ' Live writes are not measured yet: each adds one request.';
  return passed(`The forecast fits the quota of TerraScale.${live}`, observed);
}
