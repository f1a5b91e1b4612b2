/** How code that dual-writes by itself asks where to read, with the stock OpenFeature providers over OFREP. */
export interface FlagSample {
  id: string;
  language: string;
  /** The library, for a screen reader. */
  library: string;
  code: (url: string) => string;
}

export const FLAG_SAMPLES: readonly FlagSample[] = [
  {
    id: 'csharp',
    language: 'C#',
    library: 'OpenFeature.Providers.Ofrep',
    code: (url) => `await Api.Instance.SetProviderAsync(new OfrepProvider(new OfrepOptions("${url}")
{
    Headers = new Dictionary<string, string> { ["X-API-Key"] = apiKey },
}));
var flags = Api.Instance.GetClient();

// Once a request of yours, not once a read.
var context = EvaluationContext.Builder().SetTargetingKey(orderId).Build();
var side = await flags.GetStringValueAsync("PLAN.orders.read", "source", context);
var store = side == "target" ? terraScale : dynamoDb;`,
  },
  {
    id: 'java',
    language: 'Java',
    library: 'dev.openfeature.contrib.providers:ofrep',
    code: (url) => `OpenFeatureAPI.getInstance().setProviderAndWait(OfrepProvider.constructProvider(
    OfrepProviderOptions.builder()
        .baseUrl("${url}")
        .headers(ImmutableMap.of("X-API-Key", ImmutableList.of(apiKey)))
        .build()));
Client flags = OpenFeatureAPI.getInstance().getClient();

String side = flags.getStringValue("PLAN.orders.read", "source", new ImmutableContext(orderId));
DynamoDbClient store = side.equals("target") ? terraScale : dynamoDb;`,
  },
  {
    id: 'python',
    language: 'Python',
    library: 'openfeature-provider-ofrep',
    code: (url) => `api.set_provider(OFREPProvider("${url}", headers_factory=lambda: {"X-API-Key": api_key}))
flags = api.get_client()

side = flags.get_string_value("PLAN.orders.read", "source", EvaluationContext(targeting_key=order_id))
store = terrascale if side == "target" else dynamodb`,
  },
  {
    id: 'go',
    language: 'Go',
    library: 'go-sdk-contrib/providers/ofrep',
    code: (url) => `provider := ofrep.NewProvider("${url}",
    ofrep.WithHeader("X-API-Key", apiKey))
if err := openfeature.SetProviderAndWait(provider); err != nil {
    log.Fatal(err)
}
flags := openfeature.NewClient("orders")

side, _ := flags.StringValue(ctx, "PLAN.orders.read", "source",
    openfeature.NewEvaluationContext(orderID, nil))
store := dynamoDB
if side == "target" {
    store = terraScale
}`,
  },
];

export const CLIENT_SAMPLE = `import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { LandfallClient } from 'landfall-client'; // made by: npm run client:pack

const client = new LandfallClient({
  databaseUrl, // of Landfall's Postgres; both come from where you keep secrets
  sealingKey, // the LANDFALL_SEALING_KEY of the installation
  connection: 'NAME OF THE SOURCE CONNECTION',
  identity: 'checkout-1', // stable, and one a process
  dataDir: '/var/lib/checkout', // survives a restart
});
await client.send(new GetItemCommand({ TableName: 'orders', Key: { id: { S: '1' } } }));

// Without a goodbye it counts as a gateway that crashed.
process.once('SIGTERM', () => client.close().then(() => process.exit(0)));`;
