import type { GuidePage } from './guide';

export const SILENT: GuidePage = {
  slug: 'silent-gateway',
  title: 'A gateway or worker that is silent or gone',
  says: 'Why nothing passes it by itself, and what a person may do.',
  sections: [
    {
      head: 'Why it blocks',
      text: [
        'A gateway that says nothing may still be serving an application: its machine hangs, its way to Postgres is cut. If a barrier or a fence passed it, two stores could be the authority at once. So every gateway that ever registered counts until it said goodbye, and no timer passes it.',
        'Start it again with its data directory wherever you can. It marks what it left open, catches up with the routing, and everything goes on.',
      ],
    },
    {
      head: 'Its machine is gone for good',
      text: ['An approver says so on the page Gateways. It is two steps, because two things are at stake.'],
      steps: [
        '“Its machine is gone…”: you attest it, with its typed name and a reason. Barriers pass it from now on. Its tables owe a verification, because what it had not marked is lost with its disk.',
        'The keys of the stores that it knew are replaced, for all gateways of the connection, and must be refused on both sides. Where the store has no service that issues keys, you replace and revoke them: under Connections, and at the store.',
        'Wait for Δ, then verify every one of its tables in full.',
        '“Declare dead…” shows each condition with what was observed. When all are met, fences pass it too. It returns only under a new identity.',
      ],
    },
    {
      head: 'A worker',
      text: [
        'A worker counts at fences, like a gateway. Under a supervisor, or beside another worker on the same machine, its end is recorded by itself. One that ran alone and was killed stands as silent: “It has ended…” takes the keys away that it knew, and it is passed once they are refused.',
      ],
    },
    {
      head: 'Another Postgres',
      text: [
        'After a fail-over or a restore Landfall does not know which commits were lost. Until every registered gateway has reported what it obeys no move is made and no fence goes on; a refused move names the gateways that are waited for. Traffic goes on meanwhile, and reads back to DynamoDB is allowed. Then every table owes a verification.',
      ],
    },
  ],
};
