// Access tokens of a provider that changes its keys, and that is down for a while.

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// How long a key set is fresh in the configuration of the proof, in seconds.
const FRESH = 60;

async function call(world, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`http://127.0.0.1:${world.ports.gateway}/api/orders`, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

// Requests without end, a few at a time, with whatever tokens are valid.
function load(world, pool) {
  const counts = {};
  let going = true;
  const one = async () => {
    while (going) {
      const status = await call(world, pool[Math.floor(Math.random() * pool.length)]).catch((error) => error.message);
      counts[status] = (counts[status] ?? 0) + 1;
      await sleep(2);
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, one));
  return async () => {
    going = false;
    await all;
    return counts;
  };
}

export async function tokens(world) {
  const { holds, idp } = world;
  for (let attempt = 0; attempt < 50 && idp.fetches.keys === 0; attempt += 1) await sleep(100);
  holds(
    idp.fetches.documents >= 1 && idp.fetches.keys >= 1,
    'discovery: the gateway has found the keys before the first request',
  );
  const pool = [await idp.token()];
  holds((await call(world, pool[0])) === 200, 'an access token of the provider is taken');
  holds((await call(world)) === 401, 'no token: 401');
  const [head, claims, signature] = pool[0].split('.');
  const other = Buffer.from(claims, 'base64url').toString().replace('"orders"', '"admins"');
  const forged = [head, Buffer.from(other).toString('base64url'), signature].join('.');
  holds((await call(world, forged)) === 401, 'other claims under the same signature: 401');

  const end = load(world, pool);
  for (const [rotation, name] of ['key-2', 'key-3', 'key-4'].entries()) {
    // The cool-down of the configuration: one fetch a second for unknown keys.
    await sleep(1500);
    const before = idp.fetches.keys;
    idp.rotate(name, rotation + 1);
    pool.push(await idp.token());
    await sleep(1500);
    holds(idp.fetches.keys === before + 1, `a new key, ${name}: one fetch, whatever the load`, `${idp.fetches.keys - before}`);
  }
  const counts = await end();
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  holds(
    Object.keys(counts).join() === '200' && all > 500,
    `keys changed three times under load: ${all} requests with old and new tokens, none refused`,
    JSON.stringify(counts),
  );

  idp.rotate('key-5', 0);
  const newest = await idp.token();
  await sleep(1100);
  holds((await call(world, newest)) === 200, 'the token of the newest key is taken');
  const statuses = [];
  for (const old of pool) statuses.push(await call(world, old));
  holds(
    statuses.every((status) => status === 401),
    'tokens whose keys the provider has taken away are refused, though they were taken before',
    statuses.join(' '),
  );
}

export async function down(world) {
  const { holds, idp } = world;
  const token = await idp.token();
  await sleep(1100);
  holds((await call(world, token)) === 200, 'a token, before the provider goes down');
  idp.rotate('key-unseen', 1);
  const unseen = await idp.token();
  await idp.down();
  const end = load(world, [token]);
  const seconds = FRESH + 5;
  await sleep(seconds * 1000);
  const unknown = await call(world, unseen);
  const counts = await end();
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  holds(
    Object.keys(counts).join() === '200' && all > 1000,
    `the provider is down for ${seconds} s, longer than its keys are fresh: ${all} requests, none refused`,
    JSON.stringify(counts),
  );
  holds(unknown === 401 || unknown === 503, 'a key that nobody can be asked about lets nobody in', `${unknown}`);
  await idp.start();
  await sleep(1500);
  let status = 0;
  for (let attempt = 0; attempt < 40 && status !== 200; attempt += 1) {
    status = await call(world, unseen);
    await sleep(250);
  }
  holds(status === 200, 'the provider is back: the new key is found');
}
