import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { LandfallHandler } from './handler';
import type { LandfallOptions } from './options';

type HandlerInput = NonNullable<DynamoDBClientConfig['requestHandler']>;

/** Never looked up and never sent to: the handler is the network. */
const ENDPOINT = 'https://in-process.landfall.invalid';
const REGION = 'landfall';
const NOBODY = { accessKeyId: 'in-process', secretAccessKey: 'in-process' };

/**
 * The handler on its own, for a client that an application makes itself:
 * `new DynamoDBClient({ region: 'eu-central-1', requestHandler: landfallHandler(options) })`.
 * @throws LandfallOptionsError
 */
export const landfallHandler = (options: LandfallOptions): LandfallHandler & HandlerInput =>
  new LandfallHandler(options) as LandfallHandler & HandlerInput;

/**
 * A DynamoDBClient whose requests run through Landfall's pipeline in this process: commands, document client, paginators
 * and waiters of the SDK work as always. `config` is the SDK's (`maxAttempts`, `logger`, …); endpoint and credentials
 * are not used, because the stores' own come with the routing.
 */
export class LandfallClient extends DynamoDBClient {
  readonly #handler: LandfallHandler;

  /** @throws LandfallOptionsError */
  constructor(options: LandfallOptions, config: DynamoDBClientConfig = {}) {
    const handler = landfallHandler(options);
    super({
      region: REGION,
      ...config,
      endpoint: ENDPOINT,
      credentials: NOBODY,
      // Nobody would look at a signature; making one costs more than the pipeline's own work on a request.
      signer: { sign: async (request) => request },
      requestHandler: handler,
    });
    this.#handler = handler;
  }

  /** Resolves once there is routing to obey; requests before that wait for it. Rejects with LandfallFatalError. */
  get ready(): Promise<void> {
    return this.#handler.ready;
  }

  /** Under which id screens show this client among the gateways. */
  get gatewayId(): Promise<string> {
    return this.#handler.gatewayId;
  }

  /** Waits for what is under way and says goodbye; call it before the process ends. See LandfallHandler.close. */
  async close(): Promise<{ clean: boolean }> {
    const ended = await this.#handler.close();
    super.destroy();
    return ended;
  }
}
