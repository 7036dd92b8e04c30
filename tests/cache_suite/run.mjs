// Runs the tests against one cache, and writes what became of each.
//
//     node run.mjs BASE FILE [--at-once N] [--id TEST]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fetch from 'node-fetch';
import * as config from 'http-cache-tests/client/config.mjs';
import { makeCacheTest, testResults } from 'http-cache-tests/client/test.mjs';
import { all } from './tests.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-once': { type: 'string', default: '40' }, id: { type: 'string' } },
});
const [base, file] = positionals;

// The suite's own client: node-fetch, which opens a connection for each request and adds nothing about caching. The fetch
// of Node itself adds `Cache-Control` and `Pragma` to some requests, as browsers do.
config.setFetch(fetch);
config.setBaseUrl(base);
config.setUseBrowserCache(false);

const results = {};
async function run(name, test) {
  if (test.prove) {
    results[name] = await test.prove(base);
    return;
  }
  // The suite keeps results by id.
  const id = name.replaceAll(' ', '-');
  await makeCacheTest({ ...test, id, requests: structuredClone(test.requests), dump: Boolean(options.id) });
  results[name] = testResults[id];
}

const waiting = options.id ? [[options.id, all.get(options.id)]] : [...all];
async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) await run(...next);
}
// Most of a test's time is waiting for answers to become old.
await Promise.all(Array.from({ length: Number(options['at-once']) }, work));
if (options.id) console.log(options.id, results[options.id]);
const ordered = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(ordered, null, 1)}\n`);
process.exit(0);
