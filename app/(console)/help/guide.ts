import { MAPPINGS } from './guide-mappings';
import { SILENT } from './guide-processes';
import { SOURCES } from './guide-sources';

/** The operator's guide: what to know before a table is moved and what to do when something looks wrong. */
export interface GuidePage {
  slug: string;
  title: string;
  says: string;
  sections: readonly { head: string; text: readonly string[]; steps?: readonly string[] }[];
}

const DUAL_WRITE: GuidePage = {
  slug: 'dual-write',
  title: 'From planned to verified: the dual write story',
  says: 'How a living table gets to TerraScale while the application goes on writing.',
  sections: [
    {
      head: 'What begins it',
      text: [
        'Begin dual write publishes a new routing. From then on a gateway sends each write to DynamoDB first, answers with what DynamoDB said, and sends TerraScale the image that came of it. An expression is never sent twice.',
        'It is a barrier: the backfill cannot begin before every registered gateway has acknowledged, the longest life of an abandoned request (Δ) has passed, and a canary that each gateway wrote has arrived on TerraScale. A silent gateway still counts.',
      ],
    },
    {
      head: 'Backfill',
      text: [
        'Workers read what was there before, in parallel segments, and confirm each item against DynamoDB before it counts. A key that is written meanwhile is marked and settled apart.',
        'The rate stays within the budget of the connection and yields to live traffic. When a store asks for patience, the screen says “throttled” with one reason and its numbers; that is not a fault.',
        'An item that cannot be written is set aside with its key and reason. Somebody accepts each by name before the table can be verified.',
      ],
    },
    {
      head: 'Verify',
      text: [
        'Both sides are compared in full: what the source has, and what only the target has. A difference is looked at again with a strong read after a delay; only what stays different while nobody writes the key is a mismatch. A sample compares the items of drawn keys alone and says how many of all may differ at most, with 95 % confidence; gates want a full one.',
        'A verification goes stale after 24 hours, and at once when something makes it void. Then verify again before moving forward.',
        'All the time: between two verifications the same page shows how many keys were settled since the backfill began, how many are dirty and for how long, and what shadow reads found, in the same classes.',
        'Mismatches are found by a piece of a key, or by the whole as the screens say it (USER#1 · 42), by the server and a page at a time. The files hold what the filter shows.',
        'Read back through SQL: where the target is reached over its REST API, a worker draws 100 random items of DynamoDB and reads each by SELECT, under the rate of the connection. What differs is looked at again after the recheck delay; keys written meanwhile are counted apart. It shows that SELECT by key gave these items at that moment, and says nothing of other queries or of how soon a write is seen in another region. No move waits for it.',
      ],
    },
    {
      head: 'To stop it',
      text: [
        'Abandon returns the table to planned. Reads return to DynamoDB at once and dual write ends after a barrier; it never waits for TerraScale. The copy counts for nothing afterwards. No data of the application is lost by it, because DynamoDB was the authority all the time.',
      ],
    },
  ],
};

const READ_SHIFT: GuidePage = {
  slug: 'read-shift',
  title: 'Shifting reads',
  says: 'Moving a share of the reads, seeing what it does, and moving more.',
  sections: [
    {
      head: 'What a share is',
      text: [
        'A share is a stable set of partition keys. A key that is in at 10 % is in at 50 %. Ten percent of the keys need not be ten percent of the reads: a heavy key weighs more.',
        'Strong reads, scans over all keys and reads of an index are answered by the authority whatever the share is. They are counted apart.',
      ],
    },
    {
      head: 'The three numbers',
      text: [
        'Desired is what was published. Acknowledged says how many gateways act on it. Observed is counted by gateways from what they did. Only the third says what happens; until it agrees the change is not done. “No reads yet” means exactly that, and gates hold.',
      ],
    },
    {
      head: 'Going up',
      text: ['Go by the stops: 1, 10, 50, 100 %. At each of them:'],
      steps: [
        'Draft the share with the slider or the field. Releasing the mouse commits nothing.',
        'Open the dry run. Read its steps and its gates; an unmet gate says what was observed, what is needed, and where to look.',
        'Give the reason and commit. Watch acknowledged reach all gateways and observed reach desired.',
        'Look at errors, fall-back and latency of both sides while the share dwells.',
      ],
    },
    {
      head: 'Shadow reads',
      text: [
        'From verify on, gateways repeat a share of the reads on the store that did not answer and compare. Users wait for none of them. What differs is read again from both sides with strong reads after a delay; only what stays different counts, and its two images are kept under Traffic.',
        'While DynamoDB is the authority, such a key is settled by itself, unless that would delete an item on TerraScale: then it waits for a person. Each repeated read is a request to the other store; change the share under Traffic.',
      ],
    },
    {
      head: 'Guardrails',
      text: [
        'Each rule warns, then holds the share where it is, then asks for reads back. A rule that is on takes them back by itself and says why; a dry one only says that it would. An approver chooses under Traffic. After a roll-back nothing rises by itself: look at what tripped, mend it, and commit a new dry run with a reason.',
        'No data holds a move as a tripped rule does. “Not enough data” is shown and does not hold.',
      ],
    },
    {
      head: 'Going back',
      text: [
        'Reads back to DynamoDB is one action without a gate: hold the button for 600 ms, or press Shift+R and then Enter. It works while a hold, a lock or a stale screen stops everything else. Watch the observed share reach 0 %.',
      ],
    },
  ],
};

const FLIP: GuidePage = {
  slug: 'flip',
  title: 'Flipping write authority',
  says: 'The one moment at which writes wait, and what happens in it.',
  sections: [
    {
      head: 'Before',
      text: [
        'All routable reads are observed on TerraScale for the dwell, a verification is clean and fresh, and no key waits for Δ. A second person opens the same dry run and approves it; whoever approved cannot commit it. Changing anything about the table makes the approval void.',
      ],
    },
    {
      head: 'The fence',
      text: [
        'The steps are stored one by one; any worker can take over. A fence that is not through by its bound aborts and nothing has changed.',
      ],
      steps: [
        'Hold: writes and strong reads wait at every gateway, for at most the hold bound. Whoever waits longer gets a retryable error.',
        'Quiet: every registered gateway says that nothing is in flight and no intent is open.',
        'Settled: the last dirty keys are made equal; workers stop on this table and say so.',
        'Test again: no dirty key, no unknown outcome younger than Δ. Otherwise abort.',
        'Flip: TerraScale becomes the authority, still held. A canary is written and read back.',
        'Release: gateways go on with the new routing. After that, only forward or an orderly flip back.',
      ],
    },
    {
      head: 'After',
      text: [
        'DynamoDB follows now, so every write is there too and the way back loses nothing. From here a read that TerraScale does not find never falls back: it would bring a deleted item back to life.',
        'Closing the source ends that. It needs all six signatures, and it is the point of no return: what is written from then on is on TerraScale alone.',
      ],
    },
  ],
};

const ROLL_BACK: GuidePage = {
  slug: 'roll-back',
  title: 'Rolling back',
  says: 'Which way back there is from each stage, and what it costs.',
  sections: [
    {
      head: 'From dual write, backfill and verify',
      text: ['Abandon. Nothing of production depends on TerraScale yet. The copy must be made again.'],
    },
    {
      head: 'From the read shift',
      text: [
        'Reads back to DynamoDB, at once, without a gate. Dual write goes on, so the share can rise again later. Abandon goes further back, to planned.',
      ],
    },
    {
      head: 'From target first',
      text: [
        'Flip write authority back: a second fence in the other direction. DynamoDB received every write, so nothing is lost. It works while TerraScale answers, because the last keys are settled from there.',
      ],
    },
    {
      head: 'After the source is closed',
      text: [
        'There is no lossless way back. DynamoDB holds what was true when it was closed; everything since is on TerraScale alone. That is why closing needs six signatures, a second person and the typed name.',
      ],
    },
  ],
};

const DIRTY_KEY: GuidePage = {
  slug: 'dirty-key',
  title: 'What a dirty key is',
  says: 'Keys whose two images may differ, and how they become equal again.',
  sections: [
    {
      head: 'Where they come from',
      text: [
        'The authority has taken a write and the follower has not confirmed it: a time-out, an error, a crash of the gateway between the two, two writers crossing. Landfall remembers the key, durably, before that can be forgotten.',
        'A key and not a value: an image that was queued would be old by the time it is applied.',
      ],
    },
    {
      head: 'What happens to them',
      text: [
        'A worker settles each: it reads the authority, writes that image to the follower, and reads the authority again. The mark goes only when both reads agree.',
        'Until then the key is read from the authority, whatever the share says. So nobody reads something old because of a dirty key.',
        'A write with an unknown outcome is settled at once as well, but its mark stays for Δ, because the request may still be alive somewhere. Then it is settled once more, and goes.',
      ],
    },
    {
      head: 'Dead letters',
      text: [
        'A key whose item the other side refuses for good (too large, not valid there) is a dead letter: settling it again would end the same way. It stays dirty, is read from the authority, and no fence begins with it. The traffic page lists them with the store’s reason and both images.',
        'Change the item in the application and it is tried by itself; change the target and press Try it again; or park it with a reason, which silences the alert and nothing else.',
      ],
    },
    {
      head: 'When to worry',
      text: [
        'A few, some seconds old, are normal under load. A rising count or an old oldest key says that the follower does not take writes: look at its errors and at throttling, on the traffic page. A flip waits until the number is small and none waits for Δ; it settles the rest within its hold.',
      ],
    },
  ],
};

const NIGHT: GuidePage = {
  slug: 'at-2-am',
  title: 'At 2 a.m.',
  says: 'You were woken. This is the shortest safe path.',
  sections: [
    {
      head: 'First: are users hurt?',
      text: ['Open the fleet. What needs a person stands at its top.'],
      steps: [
        'Look at “Errors users saw” on the overview of the table. If it is 0, nobody is hurt: you have time to read.',
        'If it is not 0 and the table is in read shift: take reads back to DynamoDB. Hold the button, or Shift+R and Enter. No gate, no approval, nobody to ask.',
        'Watch the observed share go to 0 %. If a gateway does not acknowledge, its name stands beside the number.',
        'If users are hurt in target first, the reads cannot go back alone: look at whether TerraScale answers. If it does, flip write authority back.',
      ],
    },
    {
      head: 'What you may safely leave until the morning',
      text: [
        'A paused or failed run: traffic does not depend on it, and it goes on from its last checkpoint. A stale verification. A lapsed signature. An aborted fence: nothing changed. Throttling with a reason.',
      ],
    },
    {
      head: 'The console itself is down',
      text: [
        'Gateways serve on with the last routing they have, and say its age. Postgres away is the same: traffic goes on, moves wait. A table that was held at that moment stays held, and its writes get a retryable error after the hold bound; bring Postgres back first.',
      ],
    },
    {
      head: 'Never',
      text: [
        'Never stop a gateway by force in the middle of a fence to make it faster. Never delete the data folder of a gateway: its intents are the only record of writes whose outcome is not known. Never point the application past the gateway while a table is in dual write, shift or target first.',
      ],
    },
  ],
};

export const GUIDE: readonly GuidePage[] = [
  NIGHT,
  DUAL_WRITE,
  SOURCES,
  MAPPINGS,
  READ_SHIFT,
  FLIP,
  ROLL_BACK,
  DIRTY_KEY,
  SILENT,
];
