export interface Sample {
  id: string;
  language: string;
  /** What the sample is of, for a screen reader and a file name. */
  sdk: string;
  code: (where: { endpoint: string; region: string }) => string;
}

/** One line of configuration is all that an application changes: the endpoint. Keys come from its environment. */
export const SAMPLES: readonly Sample[] = [
  {
    id: 'javascript',
    language: 'JavaScript',
    sdk: 'AWS SDK for JavaScript v3',
    code: ({ endpoint, region }) => `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({
  endpoint: '${endpoint}',
  region: '${region}',
});`,
  },
  {
    id: 'python',
    language: 'Python',
    sdk: 'boto3',
    code: ({ endpoint, region }) => `import boto3

dynamodb = boto3.resource(
    "dynamodb",
    endpoint_url="${endpoint}",
    region_name="${region}",
)`,
  },
  {
    id: 'java',
    language: 'Java',
    sdk: 'AWS SDK for Java 2.x',
    code: ({ endpoint, region }) => `DynamoDbClient client = DynamoDbClient.builder()
    .endpointOverride(URI.create("${endpoint}"))
    .region(Region.of("${region}"))
    .build();`,
  },
  {
    id: 'go',
    language: 'Go',
    sdk: 'AWS SDK for Go v2',
    code: ({ endpoint, region }) => `cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("${region}"))
if err != nil {
    log.Fatal(err)
}
client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
    o.BaseEndpoint = aws.String("${endpoint}")
})`,
  },
  {
    id: 'csharp',
    language: 'C#',
    sdk: 'AWS SDK for .NET',
    code: ({ endpoint, region }) => `var client = new AmazonDynamoDBClient(new AmazonDynamoDBConfig
{
    ServiceURL = "${endpoint}",
    AuthenticationRegion = "${region}",
});`,
  },
  {
    id: 'rust',
    language: 'Rust',
    sdk: 'AWS SDK for Rust',
    code: ({ endpoint, region }) => `let config = aws_config::defaults(BehaviorVersion::latest())
    .endpoint_url("${endpoint}")
    .region(Region::new("${region}"))
    .load()
    .await;
let client = aws_sdk_dynamodb::Client::new(&config);`,
  },
  {
    id: 'php',
    language: 'PHP',
    sdk: 'AWS SDK for PHP 3',
    code: ({ endpoint, region }) => `$client = new Aws\\DynamoDb\\DynamoDbClient([
    'endpoint' => '${endpoint}',
    'region' => '${region}',
]);`,
  },
  {
    id: 'ruby',
    language: 'Ruby',
    sdk: 'AWS SDK for Ruby 3',
    code: ({ endpoint, region }) => `client = Aws::DynamoDB::Client.new(
  endpoint: '${endpoint}',
  region: '${region}'
)`,
  },
];
