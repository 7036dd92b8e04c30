// Tollgate against a real OpenID Provider and a real browser. Run by scripts/idp.sh.
//
//     node proof.mjs --tollgate BINARY [--out DIRECTORY] [--chromium BINARY] [--only tokens,login,down]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Idp, RESOURCE } from './provider.mjs';
import { freePort, startGateway, startService, stop } from './gateway.mjs';
import { login } from './login.mjs';
import { down, tokens } from './tokens.mjs';

const { values: options } = parseArgs({
  options: {
    tollgate: { type: 'string' },
    out: { type: 'string', default: 'target/idp' },
    chromium: { type: 'string' },
    only: { type: 'string', default: 'tokens,login,down' },
  },
});

// A certificate for localhost that nobody but this browser is told to believe.
function certificate() {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-idp-tls-'));
  const [chain, key] = [join(directory, 'chain.pem'), join(directory, 'key.pem')];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  args.push('-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', chain);
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { chain, key };
}

function login_of(name, origin, world) {
  return `
[auth.${name}.login]
origin = "${origin}"
issuer = "${world.idp.issuer}"
client_id = "app"
client_secret = "\${client_secret}"
session_secret = "\${session_secret}"
scopes = ["openid", "profile", "email", "groups"]
claims = ["email", "name"]
groups = "groups"
after_logout = "/bye"

[[routes]]
id = "${name}"
match = { prefix = "/${name}" }
auth = "${name}"
upstream = "service"
`;
}

function configuration(world) {
  return `
[server]
listen = "127.0.0.1:${world.ports.gateway}"
listen_tls = "127.0.0.1:${world.ports.tls}"
admin = "127.0.0.1:${world.ports.admin}"

[[server.certificates]]
chain = "${world.certificate.chain}"
key = "${world.certificate.key}"

[telemetry]
access_log = "json"

[upstreams.service]
url = "http://127.0.0.1:${world.ports.service}"

${login_of('people', world.origins.people, world)}
${login_of('tryout', world.origins.tryout, world)}

[auth.machines.jwt]
issuer = "${world.idp.issuer}"
audiences = "${RESOURCE}"
typ = "at+jwt"
fetch = { refresh = "1m", cool_down = "1s" }

[[routes]]
id = "api"
match = { prefix = "/api" }
auth = { any = "machines", scopes = ["orders"] }
upstream = "service"

[[routes]]
id = "bye"
match = { path = "/bye" }
auth = "public"
respond = { body = "You are logged out." }
`;
}

// What is shown, one line each. The first that does not hold ends it all.
const shown = [];
function holds(condition, what, detail = '') {
  if (!condition) throw new Error(`does not hold: ${what} ${detail}`);
  shown.push(what);
  console.log(`ok  ${what}`);
}

async function main() {
  if (!options.tollgate) throw new Error('--tollgate BINARY');
  const only = options.only.split(',');
  const ports = {};
  for (const name of ['gateway', 'tls', 'admin', 'service', 'idp']) ports[name] = await freePort();
  // The provider is at 127.0.0.1 and the gateway at localhost: two sites, as in life. One login is as it should be,
  // one as on a developer's own machine.
  const origins = { people: `https://localhost:${ports.tls}`, tryout: `http://localhost:${ports.gateway}` };
  const idp = new Idp({
    port: ports.idp,
    redirectUris: Object.entries(origins).map(([name, origin]) => `${origin}/.tollgate/login/${name}/callback`),
    afterLogout: Object.values(origins).map((origin) => `${origin}/bye`),
  });
  const world = { ports, origins, idp, holds, options, certificate: certificate() };
  const service = await startService(ports.service);
  await idp.start();
  const begun = Date.now();
  const gateway = await startGateway({
    binary: options.tollgate,
    configuration: configuration(world),
    variables: {
      client_secret: 'app-secret-app-secret-app-secret',
      session_secret: '0123456789abcdef0123456789abcdef',
    },
    admin: `http://127.0.0.1:${ports.admin}`,
  });
  world.gateway = gateway;
  try {
    if (only.includes('tokens')) await tokens(world);
    if (only.includes('login')) {
      const browser = options.chromium ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
      if (browser) {
        mkdirSync(options.out, { recursive: true });
        await login({ ...world, browser });
      } else {
        console.log('--  no Chromium here: the login in a browser is not shown');
      }
    }
    if (only.includes('down')) await down(world);
  } catch (error) {
    console.error(gateway.text.split('\n').slice(-15).join('\n'));
    throw error;
  } finally {
    await stop(gateway);
    await idp.down();
    service.closeAllConnections();
    service.close();
  }
  console.log(`${shown.length} shown in ${Math.round((Date.now() - begun) / 1000)} s`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`FAILED  ${error.stack ?? error}`);
    process.exit(1);
  },
);
