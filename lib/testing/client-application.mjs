/** An application with the packed client inside, as a process that a test can kill: `FOLDER OPTIONS KEYS`, all JSON. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, options, ids] = process.argv.slice(2).map((text) => JSON.parse(text));
const { LandfallClient } = await import(pathToFileURL(join(folder, 'index.js')).href);
// The SDK that the package itself uses, found from where it is installed.
const { PutItemCommand } = createRequire(join(folder, 'index.js'))('@aws-sdk/client-dynamodb');

const client = new LandfallClient(options, { maxAttempts: 1 });
await client.ready;
await Promise.all(ids.map((id) => client.send(new PutItemCommand({ TableName: 'orders', Item: { id: { S: id } } }))));
process.stdout.write(`${JSON.stringify({ written: ids, gatewayId: await client.gatewayId })}\n`);
process.once('SIGTERM', async () => {
  process.stdout.write(`${JSON.stringify(await client.close())}\n`);
  process.exit(0);
});
