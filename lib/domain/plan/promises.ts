/** What Landfall does not promise, in words; the plan page says them before anything is moved. */
export const NOT_PROMISED: readonly string[] = [
  'A transaction does not become visible all at once on the store that follows.',
  'Strongly consistent reads are answered by the authority alone, not by the store that follows it.',
  'A ClientRequestToken is remembered for ten minutes and shared by all gateways at a fence: across a flip it is answered as before, or refused with a retryable error where what became of it is not known. A gateway that is killed forgets its own. A scan that began before a flip starts again.',
  'Writers that bypass the gateway are found by a verification, not prevented.',
  'After the source is closed there is no lossless way back.',
  'From target first there is a way back only while TerraScale answers.',
  'A table that is held stays held while Postgres is away: its writes wait, then get a retryable error.',
  'Keys of the stores are shared by the gateways of a connection: passing by one that is gone replaces them for all.',
];
