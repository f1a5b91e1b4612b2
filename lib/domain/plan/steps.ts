import { sayMappings } from '../mapping/check';
import type { Facts } from './facts';
import type { Move } from './moves';
import {
  authorityOf,
  isMirroring,
  type Reads,
  readsOf,
  type Stage,
  type Strategy,
  type Writes,
  writesOf,
} from './stages';

/** What gateways are to obey after a step; the epoch and the incarnation are added when it is published. */
export interface RoutingChange {
  stage: Stage;
  writes: Writes;
  authority: 'source' | 'target';
  reads: Reads;
  readShareMilli: number;
  fallback: boolean;
}

/** One step of a move. The dry run renders the list, the act executes the same list in the same order. */
export type Step =
  | { kind: 'publish'; routing: RoutingChange; sentence: string }
  | { kind: 'await_gateways'; sentence: string }
  | { kind: 'prove_channel'; sentence: string }
  | { kind: 'start_backfill'; sentence: string }
  | { kind: 'hold'; routing: RoutingChange; sentence: string }
  | { kind: 'settle_rest'; sentence: string }
  | { kind: 'stop_workers'; sentence: string }
  | { kind: 'test_again'; sentence: string }
  | { kind: 'flip'; routing: RoutingChange; sentence: string }
  | { kind: 'canary'; sentence: string }
  | { kind: 'release'; routing: RoutingChange; sentence: string }
  | { kind: 'retire_credentials'; sentence: string }
  | { kind: 'start_backup_clock'; sentence: string }
  | { kind: 'drop_copy'; sentence: string }
  | { kind: 'end'; sentence: string };

/** The routing of a stage with no fence open. */
export function routingOf(strategy: Strategy, stage: Stage, readShareMilli: number): RoutingChange {
  const reads = readsOf(stage);
  return {
    stage,
    writes: writesOf(strategy, stage),
    authority: authorityOf(stage),
    reads,
    readShareMilli: reads === 'share' ? readShareMilli : reads === 'target' ? 100_000 : 0,
    // From target_first on a not-found never falls back: it would bring a deleted item back to life (PROTOCOL R5).
    fallback: isMirroring(writesOf(strategy, stage)) && authorityOf(stage) === 'source',
  };
}

const publish = (facts: Facts, stage: Stage, share: number, sentence: string): Step => ({
  kind: 'publish',
  routing: routingOf(facts.strategy, stage, share),
  sentence,
});

/** What of an item has another form on TerraScale: part of the steps, so that an approval holds for it too. */
const mapped = ({ mappings }: Facts): string =>
  mappings.length === 0 ? '' : ` Mapped on the way: ${sayMappings(mappings)}.`;

function fenceSteps(facts: Facts, move: Move, share: number): Step[] {
  const from = routingOf(facts.strategy, facts.stage, facts.desiredShareMilli);
  const to = routingOf(facts.strategy, move.to, share);
  const held = (routing: RoutingChange): RoutingChange => ({ ...routing, writes: 'held' });
  const steps: Step[] = [
    { kind: 'hold', routing: held(from), sentence: 'Hold: writes and strong reads wait at every gateway.' },
    {
      kind: 'await_gateways',
      sentence: 'Wait until every registered gateway has nothing in flight and no open intent.',
    },
    { kind: 'settle_rest', sentence: 'Settle the keys that are still dirty.' },
    { kind: 'stop_workers', sentence: 'Workers stop on this table and say so.' },
    {
      kind: 'test_again',
      sentence: 'Test again: no dirty key, no unknown outcome younger than Δ. Otherwise abort; nothing changed.',
    },
    {
      kind: 'flip',
      routing: held(to),
      sentence: `Flip: ${to.authority === 'target' ? 'TerraScale' : 'DynamoDB'} becomes the authority, still held.`,
    },
    { kind: 'canary', sentence: 'Write a canary to the new authority and read it back.' },
    {
      kind: 'release',
      routing: to,
      sentence: 'Release: gateways act on the new routing as soon as they see it. After this only forward.',
    },
  ];
  return move.verb === 'flip_back' || move.verb === 'flip_writes' || move.verb === 'close_source'
    ? [
        ...steps,
        {
          kind: 'retire_credentials',
          sentence: 'Retire the credentials of the old direction and prove that they are refused.',
        },
      ]
    : steps;
}

function freezeSteps(facts: Facts, move: Move): Step[] {
  const to = routingOf(facts.strategy, move.to, 0);
  return [
    {
      kind: 'hold',
      routing: { ...routingOf(facts.strategy, facts.stage, 0), writes: 'held' },
      sentence: 'Hold: writes wait at every gateway.',
    },
    { kind: 'await_gateways', sentence: 'Wait until every registered gateway has nothing in flight.' },
    { kind: 'release', routing: to, sentence: 'Refuse writes with a retryable error from now on.' },
  ];
}

/** The ordered steps of a move, given what is known. Pure: same facts, same steps. */
export function stepsOf(facts: Facts, move: Move, shareMilli: number): Step[] {
  switch (move.verb) {
    case 'begin_dual_write':
      return [
        publish(
          facts,
          'dual_write',
          0,
          `Publish: writes go to DynamoDB, then TerraScale; reads stay on DynamoDB.${mapped(facts)}`,
        ),
        { kind: 'await_gateways', sentence: 'Wait until every registered gateway has acknowledged.' },
        { kind: 'prove_channel', sentence: 'After Δ, send a canary through every gateway and see it arrive.' },
      ];
    case 'freeze':
      return freezeSteps(facts, move);
    case 'begin_backfill':
      return [
        publish(facts, 'backfill', 0, 'Publish the stage; what gateways do does not change.'),
        {
          kind: 'start_backfill',
          sentence: `Start a backfill: parallel consistent scans, each page confirmed against the source.${mapped(facts)}`,
        },
      ];
    case 'complete_backfill':
      return [publish(facts, 'verify', 0, 'Publish the stage; what gateways do does not change.')];
    case 'begin_shift':
      return [publish(facts, 'shift', 0, 'Publish: reads may move by share, beginning at 0 %.')];
    case 'set_read_share':
    case 'reads_to_source':
      return [
        publish(
          facts,
          'shift',
          shareMilli,
          `Publish: ${shareMilli / 1_000} % of partition keys are read from TerraScale, with fall-back.`,
        ),
      ];
    case 'flip_writes':
    case 'flip_back':
      return fenceSteps(facts, move, 100_000);
    case 'close_source':
      return [
        ...fenceSteps(facts, move, 100_000),
        {
          kind: 'start_backup_clock',
          sentence: 'Start the clock of the read-only backup and prove that a write to the source is refused.',
        },
      ];
    case 'retire':
      return [
        publish(facts, 'retired', 100_000, 'Publish the last stage.'),
        { kind: 'end', sentence: 'The plan ends for this table. Landfall deletes nothing on DynamoDB.' },
      ];
    case 'abandon':
      return facts.strategy === 'big_bang'
        ? [
            publish(facts, 'planned', 0, 'Publish: writes are open on DynamoDB again, at once.'),
            { kind: 'drop_copy', sentence: 'The copy counts for nothing; it must be made and verified anew.' },
          ]
        : [
            {
              kind: 'publish',
              routing: { ...routingOf(facts.strategy, facts.stage, 0), reads: 'source' },
              sentence: 'Publish at once: all reads from DynamoDB.',
            },
            {
              kind: 'await_gateways',
              sentence: 'Wait until every registered gateway has acknowledged; never for the target.',
            },
            publish(facts, 'planned', 0, 'Publish: writes go to DynamoDB alone.'),
            { kind: 'drop_copy', sentence: 'Drop the marks; the copy must be made and verified anew.' },
          ];
  }
}
