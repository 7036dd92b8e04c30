// Runs the tests against one cache, and writes what became of each.
//
//     node run.mjs BASE FILE [--at-once N] [--id TEST] [--places]
//
// --places: the cache has fixed places for its answers, and a newer one may have taken another's. A test that fails is run
// once more, with addresses that have other places.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fetch from 'node-fetch';
import * as config from 'http-cache-tests/client/config.mjs';
import { makeCacheTest, testResults } from 'http-cache-tests/client/test.mjs';
import { all } from './tests.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-once': { type: 'string', default: '40' }, id: { type: 'string' }, places: { type: 'boolean', default: false } },
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
  // The suite keeps results by id, and takes no second one.
  const id = name.replaceAll(' ', '-');
  delete testResults[id];
  await makeCacheTest({ ...test, id, requests: structuredClone(test.requests), dump: Boolean(options.id) });
  results[name] = testResults[id];
}

// Most of a test's time is waiting for answers to become old.
async function runAll(some) {
  const waiting = [...some];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await run(...next);
  };
  await Promise.all(Array.from({ length: Number(options['at-once']) }, work));
}

await runAll(options.id ? [[options.id, all.get(options.id)]] : all);
if (options.places) await runAll([...all].filter(([name]) => results[name] !== true));
if (options.id) console.log(options.id, results[options.id]);
const ordered = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(ordered, null, 1)}\n`);
process.exit(0);
