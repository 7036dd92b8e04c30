// A real OpenID Provider on loopback: oidc-provider with accounts in memory, whose keys can be changed and which can be
// taken down and up again while clients go on.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';

// The provider says at every start that this is no way to run it in earnest.
for (const level of ['info', 'warn']) {
  const print = console[level];
  console[level] = (...words) => words.some((it) => String(it).includes('oidc-provider')) || print(...words);
}
const { Provider } = await import('oidc-provider');

export const RESOURCE = 'https://api.example';

const accounts = { ada: { name: 'Ada Lovelace', email: 'ada@example.com', groups: ['engineers'] } };

export class Idp {
  constructor({ port, redirectUris, afterLogout }) {
    this.issuer = `http://127.0.0.1:${port}`;
    this.port = port;
    this.redirectUris = redirectUris;
    this.afterLogout = afterLogout;
    this.keys = [key('key-1')];
    this.fetches = { keys: 0, documents: 0 };
    this.server = null;
  }

  // What the provider is, anew: it signs with the first of its keys and publishes all of them.
  configure() {
    const provider = new Provider(this.issuer, {
      jwks: { keys: this.keys },
      clients: [
        {
          client_id: 'app',
          client_secret: 'app-secret-app-secret-app-secret',
          redirect_uris: this.redirectUris,
          post_logout_redirect_uris: this.afterLogout,
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
        {
          client_id: 'machine',
          client_secret: 'machine-secret-machine-secret-ma',
          redirect_uris: [],
          response_types: [],
          grant_types: ['client_credentials'],
        },
      ],
      // The account's claims are in the ID token, as with most providers.
      conformIdTokenClaims: false,
      claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
      scopes: ['openid', 'offline_access', 'profile', 'email', 'groups', 'orders'],
      findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
      cookies: { keys: ['only for this test'] },
      pkce: { required: () => true },
      features: {
        devInteractions: { enabled: true },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: (_, client) => (client.clientId === 'machine' ? RESOURCE : undefined),
          getResourceServerInfo: () => ({
            scope: 'orders',
            audience: RESOURCE,
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt',
          }),
        },
      },
      ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    });
    this.callback = provider.callback();
  }

  async start() {
    this.configure();
    this.server = createServer((request, response) => {
      if (request.url.startsWith('/jwks')) this.fetches.keys += 1;
      if (request.url.startsWith('/.well-known')) this.fetches.documents += 1;
      this.callback(request, response);
    });
    await new Promise((done) => this.server.listen(this.port, '127.0.0.1', done));
  }

  // From now on signed with a new key; so many of the older ones stay published.
  rotate(name, keep) {
    this.keys = [key(name), ...this.keys.slice(0, keep)];
    this.configure();
  }

  // Nothing listens any more: connections are refused.
  async down() {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise((done) => (server ? server.close(done) : done()));
  }

  // An access token for machines, signed with the newest key.
  async token() {
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('machine:machine-secret-machine-secret-ma').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: RESOURCE, scope: 'orders' }),
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).access_token;
  }
}

function key(kid) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}
