// A person logs in and out with a real browser.
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const there = { waitUntil: 'load', timeout: 15000 };

// Fills in what the provider asks for: who it is, then whether the application may know it.
async function answer(page, origin, name) {
  if (await page.$('input[name=login]')) {
    await page.type('input[name=login]', name);
    await page.type('input[name=password]', 'any');
    await Promise.all([page.waitForNavigation(there), page.click('button[type=submit]')]);
  }
  if (!page.url().startsWith(origin)) {
    await Promise.all([page.waitForNavigation(there), page.click('button[type=submit]')]);
  }
}

export async function login(world) {
  const { holds, idp, options, origins } = world;
  const browser = await puppeteer.launch({
    executablePath: world.browser,
    acceptInsecureCerts: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  });
  try {
    const people = { ...world, origin: origins.people, pages: `${origins.people}/people`, cookie: '__Host-tollgate' };
    const page = await browser.newPage();
    await refusal(people, page);
    await person(people, page, 'people');
    await forgery(people, page);
    await tabs(people, await browser.createBrowserContext());
    await leaving(people, page);
    await page.screenshot({ path: join(options.out, 'logged-out.png') });
    const tryout = { ...world, origin: origins.tryout, pages: `${origins.tryout}/tryout`, cookie: 'tollgate' };
    const context = await browser.createBrowserContext();
    await person(tryout, await context.newPage(), 'tryout');
    const failed = world.gateway.log.filter((line) => line.status >= 500);
    holds(failed.length === 0, 'nothing failed inside the gateway on the way', JSON.stringify(failed));
    holds(!/eyJ|code=/.test(world.gateway.text), 'neither tokens nor codes stand in the log of the gateway');
  } finally {
    await browser.close();
  }
  holds(idp.fetches.keys > 0, 'the keys of the provider were asked for');
}

// The person changes their mind at the provider.
async function refusal({ holds, origin, pages }, page) {
  await page.goto(`${pages}/`, there);
  await Promise.all([page.waitForNavigation(there), page.click('a[href$="/abort"]')]);
  const text = await page.evaluate(() => document.body.textContent);
  holds(
    page.url().startsWith(origin) && text.includes('the login was refused') && !text.includes('End-User'),
    'a login that the person breaks off ends with a problem, and nothing of what came is repeated',
    text,
  );
  await page.deleteCookie(...(await cookies(page, origin)));
}

async function person(world, page, name) {
  const { holds, idp, origin, pages, options, cookie } = world;
  const asked = `${pages}/orders?page=2`;
  await page.goto(asked, there);
  holds(page.url().startsWith(idp.issuer), `${origin}: a page without a session: the browser is at the provider`);
  const [begun, ...others] = await cookies(page, origin);
  holds(
    others.length === 0 && begun.name.startsWith(`${cookie}-login~${name}~`) && begun.httpOnly,
    'the login has begun in a cookie of its own',
    JSON.stringify(begun),
  );
  await page.screenshot({ path: join(options.out, `provider-${name}.png`) });
  await answer(page, origin, 'ada');
  const heading = await page.$eval('h1', (it) => it.textContent);
  holds(page.url() === asked && heading === 'Protected', 'after the login: the page that was asked for', page.url());
  await page.screenshot({ path: join(options.out, `protected-${name}.png`) });
  const [kept, ...further] = await cookies(page, origin);
  const secure = origin.startsWith('https:');
  holds(
    further.length === 0 && kept.name === `${cookie}~${name}` && kept.httpOnly && kept.sameSite === 'Lax' && kept.secure === secure,
    `one cookie is left, ${kept.name}, HttpOnly and SameSite=Lax${secure ? ' and Secure' : ''}`,
    JSON.stringify([kept, ...further]),
  );
  const seen = JSON.parse(await page.$eval('pre', (it) => it.textContent));
  holds(!JSON.stringify(seen.headers).includes('tollgate~'), 'the service behind sees no cookie of the login');
  const line = world.gateway.log.findLast((it) => it.route === name && it.status === 200);
  holds(line?.auth === name && line?.subject === 'ada', 'the access log says who it was', JSON.stringify(line));
  const status = (method) => page.evaluate(async (address, it) => (await fetch(address, { method: it })).status, asked, method);
  holds((await status('GET')) === 200 && (await status('POST')) === 200, 'a script of the page fetches and posts');
}

// The provider's site stands in for one that means ill: it is another site than localhost.
async function forgery({ holds, idp, origin, pages }, page) {
  const other = await page.browserContext().newPage();
  await other.goto(`${idp.issuer}/.well-known/openid-configuration`, there);
  const [posted] = await Promise.all([
    other.waitForNavigation(there),
    other.evaluate((action) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action });
      document.documentElement.append(form);
      form.submit();
    }, `${pages}/orders`),
  ]);
  holds([401, 403].includes(posted.status()), 'a form that another site posts is refused', `${posted.status()}`);
  await other.goto(`${idp.issuer}/.well-known/openid-configuration`, there);
  await Promise.all([
    other.waitForNavigation(there),
    other.evaluate((address) => location.assign(address), `${origin}/.tollgate/login/people/logout`),
  ]);
  const asks = (await other.content()).includes('Do you want to log out?');
  holds(asks && (await cookies(other, origin)).length === 1, 'a logout that another site links to asks first');
  await other.close();
}

// Two tabs without a session: each comes back to its own page.
async function tabs({ holds, idp, origin, pages }, context) {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(`${pages}/first`, there);
  await second.goto(`${pages}/second`, there);
  holds(
    first.url().startsWith(idp.issuer) && second.url().startsWith(idp.issuer),
    'two tabs log in at once',
  );
  for (const page of [second, first]) {
    await page.bringToFront();
    await answer(page, origin, 'ada');
  }
  holds(
    first.url() === `${pages}/first` && second.url() === `${pages}/second`,
    'each tab comes back to its own page',
    `${first.url()} ${second.url()}`,
  );
  await context.close();
}

async function leaving({ holds, idp, origin, pages }, page) {
  await page.bringToFront();
  await page.goto(`${pages}/`, there);
  await Promise.all([page.waitForNavigation(there), page.click('#logout')]);
  holds(page.url().startsWith(idp.issuer), 'logout: the browser is at the provider, which asks too', page.url());
  holds((await cookies(page, origin)).length === 0, 'the session of the gateway has ended');
  await Promise.all([page.waitForNavigation(there), page.click('button[name=logout]')]);
  holds(page.url() === `${origin}/bye`, 'and comes back after the logout there', page.url());
  await page.goto(`${pages}/orders`, there);
  holds(
    page.url().startsWith(idp.issuer) && (await page.$('input[name=login]')) !== null,
    'the next page wants a login again',
    page.url(),
  );
}

// The cookies that the browser would send to the gateway.
async function cookies(page, origin) {
  const session = await page.createCDPSession();
  const { cookies: found } = await session.send('Network.getCookies', { urls: [`${origin}/`] });
  await session.detach();
  return found;
}
