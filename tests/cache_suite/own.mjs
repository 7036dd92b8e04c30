// Tests that the suite's client cannot run, with a client of their own: interim answers, and upstreams that close.
import http from 'node:http';
import { randomUUID } from 'node:crypto';

const PAUSE = 3000;
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

function send(method, url, headers = {}, body = '') {
  return new Promise((resolve, reject) => {
    const interim = [];
    const request = http.request(url, { method, headers, agent: false, timeout: 20_000 }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ interim, text, status: response.statusCode, headers: response.headers }));
      response.on('error', reject);
    });
    request.on('information', ({ statusCode }) => interim.push(statusCode));
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.end(body);
  });
}

// === interim answers (RFC 9110 section 15.2) ===

// The upstream: /interim/STATUS/ID.
export function interim([status], request, response) {
  const answer = () => {
    response.setHeader('Cache-Control', 'max-age=100000');
    response.setHeader('Content-Type', 'text/plain');
    response.end(randomUUID());
  };
  if (status === '102') {
    response.writeProcessing();
    answer();
  } else {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, answer);
  }
}

async function passesOn(base, status) {
  const url = `${base}/interim/${status}/${randomUUID()}`;
  const first = await send('GET', url);
  if (first.status !== 200) return ['Setup', `Response 1 status is ${first.status}, not 200`];
  if (!first.interim.includes(status)) return ['Assertion', `Response 1 came without ${status} before it`];
  const second = await send('GET', url);
  return second.text === first.text || ['Assertion', 'Response 2 does not come from cache'];
}

const interimTests = [102, 103].map((status) => ({
  id: `interim-${status}`,
  kind: 'optimal',
  name: `${status} is passed on, and the answer behind it kept`,
  depends_on: [],
  prove: (base) => passesOn(base, status),
}));

// === stale answers that must not be given when the upstream is gone (RFC 9111 section 4.2.4) ===

async function isNotStale(base, id, directives) {
  const uuid = randomUUID();
  const fields = [['Cache-Control', `max-age=2, ${directives}`]];
  const story = [{ id, response_headers: fields }, { id, disconnect: true }];
  const set = await send('PUT', `${base}/config/${uuid}`, { 'content-type': 'application/json' }, JSON.stringify(story));
  if (set.status !== 201) return ['Setup', `PUT config resulted in ${set.status}`];
  const first = await send('GET', `${base}/test/${uuid}`, { 'Req-Num': '1' });
  if (first.status !== 200) return ['Setup', `Response 1 status is ${first.status}, not 200`];
  await pause();
  const second = await send('GET', `${base}/test/${uuid}`, { 'Req-Num': '2' });
  return !second.headers['server-request-count'] || ['Assertion', 'Response 2 comes from cache'];
}

const closing = ['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=2'].map((directives) => ({
  id: `stale-close-${directives}`,
  kind: 'required',
  name: `${directives} is not given stale when the upstream closes`,
  depends_on: ['stale-close'],
  prove: (base) => isNotStale(base, `stale-close-${directives}`, directives),
}));

export const own = [...interimTests, ...closing].map((test) => ({
  ...test,
  // The result in the suite's form.
  prove: (base) => test.prove(base).catch((error) => ['Setup', error.message]),
}));
