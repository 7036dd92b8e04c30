// Which tests are run, and how they are counted.
import suites from 'http-cache-tests/tests/index.mjs';
import { added, today } from './later.mjs';
import { own } from './own.mjs';

const byId = (tests) => new Map(tests.map((test) => [test.id, { kind: 'required', depends_on: [], ...test }]));

// All of the release that a reverse proxy is measured with: what its index has, without what is for browsers. (The index
// leaves out `Surrogate-Control`, a note of 2001; the suite's repository has `CDN-Cache-Control` in its place.)
export const released = byId(suites.flatMap(({ tests }) => tests).filter((test) => !test.browser_only));

// The same by the RFCs of today.
export const current = byId([...[...released.values()].map(today).filter(Boolean), ...added, ...own]);

// Those of the release that are others today are run twice; here is what the older one is called among the results.
export const before = (id) => `0.4.5 ${id}`;
const isOther = (test) => {
  const now = current.get(test.id);
  return !now || JSON.stringify(now.requests) !== JSON.stringify(test.requests);
};

// Everything that has to run, each under the name of its result.
export const all = new Map(current);
for (const test of released.values()) if (isOther(test)) all.set(before(test.id), test);

// What became of a test of `set`, as the suite itself shows it: `pass`; `fail`; `setup` where not even what comes before is
// as it should be; `retry` where a request came twice; `dependency` where a test on which this one builds has not passed,
// so that a pass would mean nothing. A test that asks how caches behave (`check`) passes where the answer is yes.
export function outcome(id, set, results) {
  const test = set.get(id);
  for (const other of test.depends_on) {
    if (outcome(other, set, results) !== 'pass') return 'dependency';
  }
  const result = resultOf(test, set, results);
  if (result === true) return 'pass';
  if (result?.[0] === 'Setup') return result[1] === 'retry' ? 'retry' : 'setup';
  return 'fail';
}

export function resultOf(test, set, results) {
  return results[set === released && isOther(test) ? before(test.id) : test.id];
}
