import { isStoreError, openDatabase } from '@marketprism/store';

try {
  const database = await openDatabase({ dataDir: process.argv[2] });
  console.log('opened');
  await database.close();
} catch (error) {
  console.log(isStoreError(error) ? `${error.code} ${error.message}` : error);
}
