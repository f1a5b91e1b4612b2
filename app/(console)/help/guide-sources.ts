import type { GuidePage } from './guide';

export const SOURCES: GuidePage = {
  slug: 'sources',
  title: 'Where a copy reads, and writers beside the gateway',
  says: 'Scan or export, and what the stream of the source is read for.',
  sections: [
    {
      head: 'Writers that bypass the gateways',
      text: [
        'A function, a script or an old service may write to DynamoDB without a gateway. Nothing of that reaches TerraScale by dual write. Where the stream of the source is read too, each of its records names a key; both stores are compared, and what still differs after the recheck delay is settled and counted as a write beside the gateway.',
        'Choose it for a table in the wizard, or under Backfill while the table is planned. A stream that is there is used whatever its view, and never turned off. Where there is none Landfall turns one on with keys only and leaves it on. A shard takes two readers; Landfall is one of them.',
        'It costs reads: for every write, the keys of both stores are read.',
      ],
    },
    {
      head: 'Lag and headroom',
      text: [
        'Behind is the age of the oldest record whose key was not settled yet. Headroom is what is left of the 24 hours for which DynamoDB keeps records. More than a minute behind holds reads back from moving forward and the flip; writers beside the gateway hold the flip until none was seen for the window of the plan.',
        'If records were trimmed before they were read, the table is held with a fault and cannot be cut over.',
      ],
      steps: [
        'Abandon the table: reads and writes stay with DynamoDB.',
        'Resume it, and begin dual write again. The stream gets a new position.',
        'Copy and verify anew.',
      ],
    },
    {
      head: 'Copying from an export',
      text: [
        'An export costs no read units and does not touch the table. It must show the table later than its live channel was proven, by more than Δ; the gate of Begin backfill says by how much it does. So begin dual write first, wait for the proof, and export then. One that is older is of use with an incremental export of the time since.',
        'Name the folders that hold manifest-summary.json: one full export, and the incremental ones after it without a gap. Manifests are checked when you choose them, each file before its first item is used. A file that is not what its manifest says fails the run; make the export again.',
        'Each file is a segment of the backfill. Every item is confirmed against the table itself, so an old image or a deleted item is settled and not kept.',
      ],
    },
  ],
};
