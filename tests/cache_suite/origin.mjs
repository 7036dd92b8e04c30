// The origin server of the suite, as its own `server.mjs` is, but on loopback only, and with connections that are kept
// longer than any test takes: Node closes idle ones after five seconds, and a request that a cache sends just then is one
// of the cache's troubles that no test is about.
//
//     node origin.mjs PORT
import http from 'node:http';
import handleConfig from 'http-cache-tests/server/handle-config.mjs';
import handleState from 'http-cache-tests/server/handle-state.mjs';
import handleTest from 'http-cache-tests/server/handle-test.mjs';
import { interim } from './own.mjs';

const handlers = { config: handleConfig, state: handleState, test: handleTest, interim };

// The suite tells here of everything that a cache asked for and that no test expects.
console.log = () => {};

const server = http.createServer((request, response) => {
  // Where the transfer coding is one that nobody knows, only the connection's end says where the content ends.
  response.on('finish', () => {
    if (response.hasHeader('transfer-encoding')) request.socket.end();
  });
  const [, dispatch, ...segments] = new URL(request.url, 'http://localhost').pathname.split('/');
  const handle = handlers[dispatch];
  if (handle) return handle(segments, request, response);
  response.statusCode = dispatch === '' ? 200 : 404;
  response.end();
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.argv[2]), '127.0.0.1');
