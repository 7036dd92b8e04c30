// What has changed since the release on npm, which is of 2021 and by RFC 7234: in RFC 9111 of 2022, in RFC 9213 about
// fields for some caches only, and with both in the suite's repository, which has had no release since. Nothing of it is
// copied here. The tests below are written anew from the RFCs, in the suite's own form; those that its repository has too
// have their ids from there, so that results can be laid side by side.

const HOUR = 'max-age=3600';

// === what the release expects otherwise ===

// RFC 9111 section 5.1: the first member of a list counts, and what is no number is as if it were not there. The release
// has such answers stale (and two of its tests contradict each other: `0, 0` and `0,7200`).
const ageIsIgnored = ['nonnumeric', 'negative', 'float', 'prefix-twoline', 'dup-0', 'dup-0-twoline', 'dup-old'];

// RFC 9111 section 5.3 with RFC 9110 section 5.6.7: a date that is none lies in the past (the release only asks what caches
// do), and dates that are some may be in any of three forms.
const invalidDates = ['utc', 'aest', '2-digit-year', 'no-comma', 'multiple-spaces', 'date-dashes', 'time-periods', '1-digit-hour', 'multiple-lines'];
const validDates = ['rfc850', 'ansi-c', 'wrong-case-weekday', 'wrong-case-month', 'wrong-case-tz'];

// Fields that a 304 must change in what is stored, or must not: section 3.2 leaves the others to the cache.
const updates = ['Test-Header', 'X-Test-Header', 'Content-Foo', 'X-Content-Foo', 'Cache-Control', 'Content-Length'];

function expecting(type, test, kind = test.kind) {
  const requests = structuredClone(test.requests);
  requests.at(-1).expected_type = type;
  return { ...test, kind, requests };
}

// A test of the release as it is today, or undefined where there is none any more.
export function today(test) {
  const { id } = test;
  const kind = (to) => ({ ...test, kind: to });
  if (ageIsIgnored.some((name) => id === `age-parse-${name}`)) return expecting('cached', test);
  // A parameter is no number either, but no cache is told to see it.
  if (id === 'age-parse-parameter' || id === 'age-parse-numeric-parameter') return kind('check');
  if (invalidDates.some((name) => id === `freshness-expires-invalid-${name}`)) return expecting('not_cached', test, 'required');
  if (validDates.some((name) => id === `freshness-expires-${name}`)) return kind('optimal');
  if (id.startsWith('304-etag-update-response-') && !updates.some((name) => id.endsWith(`response-${name}`))) return kind('check');
  // Section 4.4: a cache MAY invalidate what `Location` and `Content-Location` name.
  if (/^invalidate-.*-(location|cl)$/.test(id)) return kind('check');
  // Their dates lack a comma, so that they are none. They are below, with one.
  if (id === 'freshness-expires-32bit' || id === 'freshness-expires-far-future') return undefined;
  if (id === 'partial-use-stored-headers') return kind('required');
  // Whether a quoted number is one is left to the cache (section 4.2).
  if (id.startsWith('freshness-max-age-ignore-quoted-all')) return undefined;
  // These expect an answer of the upstream's although it has closed the connection. They are below.
  if (id.startsWith('stale-close-')) return undefined;
  // Section 5.2.2.3: `must-understand` comes with `no-store`.
  if (id === 'status-599-must-understand') return undefined;
  return test;
}

// === what the release does not have ===

// A first answer with these fields, and whether the second one is from the cache. `after` is the test that has to pass for
// this one to mean anything.
function one(kind, id, name, fields, expected, { after = 'freshness-none', wait = true, status } = {}) {
  const lines = Object.entries(fields).flatMap(([field, values]) => {
    // The third member says whether clients must get the field as it is; caches may keep targeted ones to themselves.
    return [values].flat().map((value) => (field === 'CDN-Cache-Control' || field === 'Age' ? [field, value, false] : [field, value]));
  });
  const first = { response_headers: lines, setup: true };
  const second = { expected_type: expected };
  if (wait) first.pause_after = true;
  if (status) first.response_status = status;
  return { id, kind, name, depends_on: after ? [after] : [], requests: [first, second] };
}
const must = (...rest) => one('required', ...rest);
const may = (...rest) => one('optimal', ...rest);

const freshness = [
  must('freshness-max-age-stale', 'stale after its max-age', { 'Cache-Control': 'max-age=2' }, 'not_cached', { after: 'freshness-max-age' }),
  ...[['large-minus-one', 2 ** 31 - 1], ['large', 2 ** 31], ['larger', 2 ** 31 + 1]].map(([name, age]) =>
    must(`age-parse-${name}`, `an Age of ${age} is old`, { Date: 0, 'Cache-Control': HOUR, Age: `${age}` }, 'not_cached', { after: 'freshness-max-age-age' })),
  must('status-599-must-understand', 'nobody understands 599', { 'Cache-Control': `${HOUR}, no-store, must-understand` }, 'not_cached', { after: 'status-599-fresh', wait: false, status: [599, 'Whatever'] }),
  may('status-200-must-understand', 'must-understand of an understood status is before no-store', { 'Cache-Control': `${HOUR}, no-store, must-understand` }, 'cached', { after: 'status-200-fresh', wait: false, status: [200, 'OK'] }),
  may('freshness-expires-32bit', 'a date beyond 31 bits', { Expires: 'Tue, 19 Jan 2038 14:14:08 GMT', Date: 0 }, 'cached', { after: 'freshness-expires-future' }),
  may('freshness-expires-far-future', 'a date far away', { Expires: 'Tue, 01 Jan 2250 00:00:00 GMT', Date: 0 }, 'cached', { after: 'freshness-expires-future' }),
  {
    id: 'other-date-update-expires',
    kind: 'required',
    name: 'Date stays as it was, with Expires too',
    depends_on: ['freshness-expires-future'],
    requests: [
      { response_headers: [['Expires', 86400], ['Date', 0]], setup: true, pause_after: true },
      { expected_type: 'cached', expected_response_headers: [['Date', 0]] },
    ],
  },
  // What is fresh is used; so nobody hears of the later answer that must not be kept.
  ...[['old-new', 'no-store'], ['old-max-age', 'no-store, max-age=0']].map(([name, later]) => ({
    id: `cc-resp-no-store-${name}`,
    kind: 'required',
    name: `an answer that is kept stays while a later one would be ${later}`,
    depends_on: ['cc-resp-no-store'],
    requests: [
      { response_headers: [['Cache-Control', 'max-age=10000'], ['Which', 'first']], setup: true, pause_after: true },
      { response_headers: [['Cache-Control', later], ['Which', 'second']], setup: true, pause_after: true },
      { expected_type: 'cached', expected_response_headers: [['Which', 'first']] },
    ],
  })),
];

const staleWhileRevalidate = [
  may('stale-while-revalidate', 'stale, within the time in which it may be', { 'Cache-Control': 'max-age=1, stale-while-revalidate=3600', ETag: '"a"' }, 'cached', { after: 'freshness-max-age-stale' }),
  {
    id: 'stale-while-revalidate-window',
    kind: 'required',
    name: 'stale, and no longer within it',
    depends_on: ['stale-while-revalidate'],
    requests: [
      { response_headers: [['Cache-Control', 'max-age=1, stale-while-revalidate=4'], ['ETag', '"a"']], setup: true, pause_after: true },
      { response_headers: [['Cache-Control', 'no-cache', false], ['ETag', '"b"', false]], expected_type: 'cached', setup: true, pause_after: true },
      { expected_response_headers: [['Client-Request-Count', '3']] },
    ],
  },
];

const C = 'CDN-Cache-Control';
const targeted = [
  may('cdn-max-age', 'a lifetime', { [C]: HOUR }, 'cached'),
  may('cdn-max-age-max', 'a lifetime of 2^31 seconds', { [C]: 'max-age=2147483648' }, 'cached'),
  may('cdn-max-age-max-plus', 'a lifetime beyond 32 bits', { [C]: 'max-age=99999999999' }, 'cached'),
  may('cdn-max-age-extension', 'a directive that nobody knows', { [C]: `foobar, ${HOUR}` }, 'cached', { after: 'cdn-max-age' }),
  may('cdn-max-age-expires', 'before an Expires that is past', { [C]: HOUR, Expires: -10000, Date: 0 }, 'cached', { after: 'cdn-max-age' }),
  may('cdn-max-age-cc-max-age-invalid-expires', 'before an Expires that is no date', { [C]: HOUR, Expires: '0', Date: 0 }, 'cached', { after: 'cdn-max-age' }),
  may('cdn-max-age-short-cc-max-age', 'before a shorter lifetime for all', { 'Cache-Control': 'max-age=1', [C]: HOUR }, 'cached', { after: 'cdn-max-age' }),
  must('cdn-max-age-age', 'an Age beyond the lifetime', { Date: 0, [C]: HOUR, Age: '7200' }, 'not_cached', { after: 'cdn-max-age' }),
  must('cdn-max-age-0', 'no lifetime', { [C]: 'max-age=0' }, 'not_cached', { after: 'cdn-max-age' }),
  must('cdn-max-age-0-expires', 'no lifetime before a future Expires', { [C]: 'max-age=0', Expires: 10000, Date: 0 }, 'not_cached', { after: 'cdn-max-age' }),
  must('cdn-max-age-long-cc-max-age', 'before a longer lifetime for all', { 'Cache-Control': HOUR, [C]: 'max-age=1' }, 'not_cached', { after: 'cdn-max-age' }),
  must('cdn-private', 'private', { [C]: 'private', 'Cache-Control': HOUR }, 'not_cached', { after: '', wait: false }),
  must('cdn-no-cache', 'no-cache', { [C]: 'no-cache', 'Cache-Control': HOUR }, 'not_cached', { after: '', wait: false }),
  must('cdn-no-store-cc-fresh', 'no-store', { [C]: 'no-store', 'Cache-Control': HOUR, Expires: 10000, Date: 0 }, 'not_cached'),
  must('cdn-fresh-cc-nostore', 'before no-store for all', { 'Cache-Control': 'no-store', [C]: HOUR }, 'cached'),
  must('cdn-cc-invalid-sh-type-unknown', 'no Structured Field: not looked at', { 'Cache-Control': 'no-store', [C]: `${HOUR}, &&&&` }, 'not_cached', { after: 'cdn-max-age' }),
  must('cdn-cc-invalid-sh-type-wrong', 'a lifetime that is no number: not looked at', { 'Cache-Control': 'no-store', [C]: 'max-age="3600"' }, 'not_cached', { after: 'cdn-max-age' }),
];

export const added = [...freshness, ...staleWhileRevalidate, ...targeted];
