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
  const { holds, idp, origin, options } = world;
  const browser = await puppeteer.launch({
    executablePath: world.browser,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    await refusal(world, page);
    await person(world, page);
    await tabs(world, await browser.createBrowserContext());
    await leaving(world, page);
    await page.screenshot({ path: join(options.out, 'logged-out.png') });
    const refused = world.gateway.log.filter((line) => line.auth === undefined && line.status === 500);
    holds(refused.length === 0, 'nothing failed inside the gateway on the way');
    holds(!world.gateway.text.includes('eyJ'), 'no token stands in the log of the gateway');
  } finally {
    await browser.close();
  }
  holds(idp.fetches.keys > 0, 'the keys of the provider were asked for');
}

// The person changes their mind at the provider.
async function refusal({ holds, idp, origin }, page) {
  await page.goto(`${origin}/app/`, there);
  await Promise.all([page.waitForNavigation(there), page.click('a[href$="/abort"]')]);
  const text = await page.evaluate(() => document.body.textContent);
  holds(
    page.url().startsWith(origin) && text.includes('the login was refused') && !text.includes('End-User'),
    'a login that the person breaks off ends with a problem, and nothing of what came is repeated',
    text,
  );
  await page.deleteCookie(...(await cookies(page, origin)));
}

async function person(world, page) {
  const { holds, idp, origin, options } = world;
  await page.goto(`${origin}/app/orders?page=2`, there);
  holds(page.url().startsWith(idp.issuer), 'a page without a session: the browser is at the provider');
  const begun = await cookies(page, origin);
  holds(
    begun.length === 1 && begun[0].name.startsWith('tollgate-login~people~') && begun[0].httpOnly,
    'the login has begun in a cookie of its own',
    JSON.stringify(begun),
  );
  await page.screenshot({ path: join(options.out, 'provider.png') });
  await answer(page, origin, 'ada');
  const heading = await page.$eval('h1', (it) => it.textContent);
  holds(page.url() === `${origin}/app/orders?page=2` && heading === 'Protected', 'after the login: the page that was asked for', page.url());
  await page.screenshot({ path: join(options.out, 'protected.png') });
  const kept = await cookies(page, origin);
  holds(
    kept.length === 1 && kept[0].name === 'tollgate~people' && kept[0].httpOnly && kept[0].sameSite === 'Lax',
    'one cookie is left, HttpOnly and SameSite=Lax',
    JSON.stringify(kept.map((it) => it.name)),
  );
  const seen = JSON.parse(await page.$eval('pre', (it) => it.textContent));
  holds(!JSON.stringify(seen.headers).includes('tollgate~'), 'the service behind sees no cookie of the login');
  const line = world.gateway.log.findLast((it) => it.route === 'page' && it.status === 200);
  holds(line?.auth === 'people' && line?.subject === 'ada', 'the access log says who it was', JSON.stringify(line));
  const status = (method) => page.evaluate(async (it) => (await fetch('/app/orders', { method: it })).status, method);
  holds((await status('GET')) === 200 && (await status('POST')) === 200, 'a script of the page fetches and posts');
  await forgery(world, page);
}

// The provider's site stands in for one that means ill: it is another site than localhost.
async function forgery({ holds, idp, origin }, page) {
  const other = await page.browserContext().newPage();
  await other.goto(`${idp.issuer}/.well-known/openid-configuration`, there);
  const [posted] = await Promise.all([
    other.waitForNavigation(there),
    other.evaluate((action) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action });
      document.documentElement.append(form);
      form.submit();
    }, `${origin}/app/orders`),
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
async function tabs({ holds, idp, origin }, context) {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(`${origin}/app/first`, there);
  await second.goto(`${origin}/app/second`, there);
  holds(
    first.url().startsWith(idp.issuer) && second.url().startsWith(idp.issuer),
    'two tabs log in at once',
  );
  for (const page of [second, first]) {
    await page.bringToFront();
    await answer(page, origin, 'ada');
  }
  holds(
    first.url() === `${origin}/app/first` && second.url() === `${origin}/app/second`,
    'each tab comes back to its own page',
    `${first.url()} ${second.url()}`,
  );
  await context.close();
}

async function leaving({ holds, idp, origin }, page) {
  await page.bringToFront();
  await page.goto(`${origin}/app/`, there);
  await Promise.all([page.waitForNavigation(there), page.click('#logout')]);
  holds(page.url().startsWith(idp.issuer), 'logout: the browser is at the provider, which asks too', page.url());
  holds((await cookies(page, origin)).length === 0, 'the session of the gateway has ended');
  await Promise.all([page.waitForNavigation(there), page.click('button[name=logout]')]);
  holds(page.url() === `${origin}/bye`, 'and comes back after the logout there', page.url());
  await page.goto(`${origin}/app/orders`, there);
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
