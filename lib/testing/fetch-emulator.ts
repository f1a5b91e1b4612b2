import { EMULATOR_DIR, emulatorMissing, fetchEmulator } from './dynamodb-local';

fetchEmulator();
process.stdout.write(`${emulatorMissing() ?? `DynamoDB Local is in ${EMULATOR_DIR}`}\n`);
