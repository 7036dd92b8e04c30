// Counts what became of the tests, holds it against the reasons that are written down, and makes the tables.
//
//     node report.mjs check DIRECTORY NAME...     ends with 1 where a test fails without a reason, or a reason is none
//     node report.mjs write DIRECTORY FILE        results.json of all that DIRECTORY has results of
//     node report.mjs tables FILE                 the tables for docs/caching.md
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { current, outcome, released, resultOf } from './tests.mjs';

const [command, ...rest] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const reasons = read(new URL('reasons.json', import.meta.url));

// How many tests of a set are of each kind, how many have passed, and what became of the others.
function count(set, results) {
  const counted = { required: { passed: 0, total: 0 }, optimal: { passed: 0, total: 0 }, failed: {} };
  for (const test of set.values()) {
    if (test.kind === 'check') continue;
    const what = outcome(test.id, set, results);
    counted[test.kind].total += 1;
    if (what === 'pass') counted[test.kind].passed += 1;
    else counted.failed[test.id] = message(test, what, set, results);
  }
  return counted;
}

function message(test, what, set, results) {
  if (what !== 'dependency') return resultOf(test, set, results)?.[1] ?? 'has not run';
  const missing = test.depends_on.filter((id) => outcome(id, set, results) !== 'pass');
  return `means nothing where ${missing.join(', ')} fails`;
}

// Why a test fails for a contestant: a reason holds for all of Tollgate, or for those that it names.
function reasonFor(id, name) {
  const reason = reasons[id];
  return reason && (!reason.only || reason.only.includes(name)) ? reason.why : undefined;
}

function check(directory, names) {
  const wrong = [];
  for (const name of names) {
    const { required, optimal, failed } = count(current, read(join(directory, `${name}.json`)));
    console.log(`${name}: ${required.passed} of ${required.total} required, ${optimal.passed} of ${optimal.total} optimal`);
    for (const [id, why] of Object.entries(failed)) {
      if (!reasonFor(id, name)) wrong.push(`${name}: ${id} (${current.get(id).kind}, ${current.get(id).name}): ${why}`);
    }
    for (const id of Object.keys(reasons)) {
      if (reasonFor(id, name) && !failed[id]) wrong.push(`${name}: ${id} passes; its reason in reasons.json is none`);
    }
  }
  for (const id of Object.keys(reasons)) if (!current.has(id)) wrong.push(`reasons.json: there is no test ${id}`);
  for (const line of wrong) console.error(`  ${line}`);
  process.exit(wrong.length > 0 ? 1 : 0);
}

function write(directory, file) {
  const old = existsSync(file) ? read(file) : { contestants: {} };
  const facts = read(join(directory, 'facts.json'));
  for (const entry of readdirSync(directory).filter((it) => it.endsWith('.json'))) {
    const name = entry.replace(/\.json$/, '');
    if (!facts.contestants[name]) continue;
    const results = read(join(directory, entry));
    const now = count(current, results);
    const { required, optimal } = count(released, results);
    const failed = Object.fromEntries(Object.entries(now.failed).sort(([a], [b]) => (a < b ? -1 : 1)));
    old.contestants[name] = { ...facts.contestants[name], date: facts.date, ...now, failed, released: { required, optimal } };
  }
  const ordered = Object.fromEntries(facts.order.filter((name) => old.contestants[name]).map((name) => [name, old.contestants[name]]));
  writeFileSync(file, `${JSON.stringify({ contestants: ordered }, null, 1)}\n`);
}

function tables(file) {
  const { contestants } = read(file);
  const of = ({ passed, total }) => `${passed} of ${total}`;
  const lines = ['| | required | optimal | required, release 0.4.5 | optimal, release 0.4.5 | measured |', '|---|--:|--:|--:|--:|---|'];
  for (const { title, version, date, required, optimal, released: old } of Object.values(contestants)) {
    lines.push(`| ${title} ${version} | **${of(required)}** | ${of(optimal)} | ${of(old.required)} | ${of(old.optimal)} | ${date} |`);
  }
  const mine = Object.entries(contestants).filter(([name]) => name.startsWith('tollgate'));
  if (mine.length > 0) lines.push(...failures(mine));
  console.log(lines.join('\n'));
}

function failures(mine) {
  const lines = ['', 'What Tollgate fails, of today\'s tests, and why:', '', '| test | kind | where | why |', '|---|---|---|---|'];
  const ids = [...new Set(mine.flatMap(([, { failed }]) => Object.keys(failed)))].sort();
  for (const id of ids) {
    const where = mine.filter(([, { failed }]) => failed[id]);
    const named = where.length === mine.length ? 'everywhere' : where.map(([, { title }]) => title.replace('Tollgate, ', '')).join('; ');
    const why = reasonFor(id, where[0][0]) ?? where[0][1].failed[id];
    lines.push(`| \`${id}\` | ${current.get(id).kind} | ${named} | ${why} |`);
  }
  return ids.length > 0 ? lines : ['', 'Tollgate fails none of them.'];
}

const commands = { check: () => check(rest[0], rest.slice(1)), write: () => write(...rest), tables: () => tables(...rest) };
if (!commands[command]) throw new Error('check, write or tables');
commands[command]();
