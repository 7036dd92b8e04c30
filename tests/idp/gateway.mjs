// The gateway under test and the service behind it.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A free port of loopback, as far as one can know.
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// Shows the request as it came, so that a person and a test can see who was let in and what was passed on.
export async function startService(port) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const name = request.url.split('/')[1];
    const logout = `<a id="logout" href="/.tollgate/login/${name}/logout">Log out</a>`;
    const text = JSON.stringify({ method: request.method, url: request.url, headers: request.headers }, null, 1);
    response.end(`<!doctype html><title>Protected</title><h1>Protected</h1>${logout}<pre>${text}</pre>`);
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return server;
}

export async function startGateway({ binary, configuration, variables, admin }) {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-idp-'));
  writeFileSync(join(directory, 'gateway.toml'), configuration);
  const environment = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    environment[`TOLLGATE_VARIABLE_${name.toUpperCase()}`] = value;
  }
  const child = spawn(binary, ['serve', directory], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const gateway = { child, log: [], text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.on('data', (data) => {
      gateway.text += data;
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line.startsWith('{')) gateway.log.push(JSON.parse(line));
    });
  }
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the gateway does not start:\n${gateway.text}`);
    const ready = await fetch(`${admin}/readyz`).catch(() => null);
    if (ready?.ok) return gateway;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the gateway does not get ready:\n${gateway.text}`);
}

export async function stop(gateway) {
  const ended = new Promise((done) => gateway.child.once('exit', done));
  gateway.child.kill('SIGTERM');
  const late = setTimeout(() => gateway.child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(late);
}
